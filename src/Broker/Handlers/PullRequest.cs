using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>A checked pull.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Group">The group's settings.</param>
/// <param name="QueueId">The queue.</param>
/// <param name="Offset">First offset wanted.</param>
/// <param name="MaxMessages">At most so many messages.</param>
/// <param name="MaxBytes">At most so many bytes.</param>
/// <param name="Filter">What of the queue.</param>
/// <param name="Hold">How long to wait for messages.</param>
internal sealed record PullRequest(
    BrokerTopic Topic,
    SubscriptionGroup Group,
    int QueueId,
    long Offset,
    int MaxMessages,
    int MaxBytes,
    IMessageFilter Filter,
    TimeSpan Hold);
