using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>RocketMQ's message trace of what passes the gateway.</summary>
public sealed class MessageTraceOptions
{
    /// <summary>Whether it is written.</summary>
    public bool Enabled { get; set; }

    /// <summary>The topic of the trace.</summary>
    [Required]
    [StringLength(127, MinimumLength = 1)]
    public string Topic { get; set; } = "RMQ_SYS_TRACE_TOPIC";

    /// <summary>The producer group that the trace names for messages of devices and HTTP clients, which have none.</summary>
    [Required]
    [StringLength(120, MinimumLength = 1)]
    public string ProducerGroup { get; set; } = "PROTOBRIDGE_GATEWAY";

    /// <summary>Lines that wait to be written; further ones are dropped and counted.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 4096;

    /// <summary>Deliveries whose end is waited for; of further ones only the end is not traced.</summary>
    [Range(1, 1_000_000)]
    public int MaxOpen { get; set; } = 10_000;
}
