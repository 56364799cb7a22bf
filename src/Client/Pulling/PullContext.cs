using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Consuming;

namespace ProtoBridgeMQ.Client.Pulling;

/// <summary>What the queues of a pull consumer share.</summary>
internal sealed record PullContext(ClusterConnection Connection, PullConsumerOptions Options, QueueReader Reader, IGroupProgress Progress)
{
    public string Group => Options.Group;

    /// <summary>Set when a queue has something to hand out.</summary>
    public WakeSignal Arrived { get; } = new();
}
