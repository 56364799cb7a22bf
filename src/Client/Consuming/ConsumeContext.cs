using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Groups;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>What the parts of one consumer share.</summary>
internal sealed record ConsumeContext(
    ClusterConnection Connection,
    PushConsumerOptions Options,
    QueueReader Reader,
    IGroupProgress Progress,
    Channel<Delivery> Deliveries)
{
    public string Group => Options.Group;

    public TimeProvider Time => Connection.Options.TimeProvider;

    public ILogger Log => Connection.Log;

    public bool IsBroadcast => Options.Model == MessageModel.Broadcasting;

    /// <summary>The locks of a member that handles in order and shares the queues with others.</summary>
    public QueueLocks? Locks { get; } = Options is { Ordered: true, Model: MessageModel.Clustering } ? new QueueLocks(Connection, Options.Group) : null;

    /// <summary>The limit that send-backs carry; null leaves it to the broker.</summary>
    public int? MaxReconsumeTimes => Options.MaxReconsumeTimes < 0 ? null : Options.MaxReconsumeTimes;
}
