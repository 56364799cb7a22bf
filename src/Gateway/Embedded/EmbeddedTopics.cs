using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>The topics of the broker in this process.</summary>
internal sealed class EmbeddedTopics(IBrokerCore core) : ITopicDirectory
{
    /// <summary>The fronts' state lies in it; it is shown to nobody.</summary>
    public const string State = "PROTOBRIDGE_STATE";

    /// <summary>Retained messages lie in it; it is shown to nobody.</summary>
    public const string Retained = "PROTOBRIDGE_RETAINED";

    public static bool IsUser(BrokerTopic topic) => topic.IsUser && !IsOwn(topic.Name);

    /// <summary>Whether the topic is the gateway's own.</summary>
    public static bool IsOwn(string topic) => topic is State or Retained;

    public ValueTask<TopicInfo?> FindAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return ValueTask.FromResult(core.Topics.Find(topic) is { } found && !IsOwn(topic) ? ToInfo(found) : null);
    }

    public ValueTask<IReadOnlyList<TopicInfo>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<TopicInfo>>(
            [.. core.Topics.All().Where(IsUser).OrderBy(topic => topic.Name, StringComparer.Ordinal).Select(ToInfo)]);

    public ValueTask<TopicInfo> CreateAsync(string topic, int queues, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        try
        {
            return ValueTask.FromResult(Create(topic, queues));
        }
        catch (BridgeException refusal)
        {
            return ValueTask.FromException<TopicInfo>(refusal);
        }
    }

    /// <summary>Refuses names that the gateway keeps for itself.</summary>
    public static void ThrowIfReserved(string topic)
    {
        if (IsOwn(topic))
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"Topic {topic} holds the gateway's own state.");
        }
    }

    private static TopicInfo ToInfo(BrokerTopic topic) => new(topic.Name, topic.WriteQueues);

    private TopicInfo Create(string topic, int queues)
    {
        TopicNames.ThrowIfInvalid(topic);
        ThrowIfReserved(topic);
        if (queues < 1 || queues > core.Options.MaxQueuesPerTopic)
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"A topic has 1 to {core.Options.MaxQueuesPerTopic} queues.");
        }

        BrokerTopic wanted = core.Topics.Find(topic) is { } present
            ? present with { ReadQueues = Math.Max(queues, present.ReadQueues), WriteQueues = Math.Max(queues, present.WriteQueues) }
            : new BrokerTopic { Name = topic, ReadQueues = queues, WriteQueues = queues };
        SendStatus status = core.Topics.Put(wanted);
        return status == SendStatus.Ok ? ToInfo(wanted) : throw BrokerErrors.ToException(status, null, $"topic {topic}");
    }
}
