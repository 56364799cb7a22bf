namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>A will as it is kept until it is published or deleted.</summary>
public sealed record KeptWill
{
    /// <summary>Names it: the message that it becomes says so, by which it is found in the log after a crash.</summary>
    public required Guid Id { get; init; }

    /// <summary>The gateway that has, or last had, the connection; its name changes with every start.</summary>
    public required string Owner { get; init; }

    /// <summary>UTF-8.</summary>
    public required ReadOnlyMemory<byte> Topic { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    public byte Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>The will properties, as they came.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }

    /// <summary>How long it waits after the connection has ended: the will delay interval, but no longer than the
    /// session [MQTT-3.1.3-9].</summary>
    public uint DelaySeconds { get; init; }

    /// <summary>When it is published, Unix milliseconds; 0 while there is a connection.</summary>
    public long DueAt { get; init; }

    /// <summary>When its publishing began, Unix milliseconds; 0 before.</summary>
    public long PublishingSince { get; init; }

    /// <summary>Whether the bytes are the same will.</summary>
    public bool Is(KeptWill? other) => other is not null && other.Id == Id;
}
