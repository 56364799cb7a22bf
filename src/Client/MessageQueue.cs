namespace ProtoBridgeMQ.Client;

/// <summary>One queue of a topic on one broker.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="BrokerName">The name of the broker set.</param>
/// <param name="QueueId">Its number, from 0.</param>
/// <remarks>Ordered as every RocketMQ client orders them: group members must agree on it to share queues.</remarks>
public readonly record struct MessageQueue(string Topic, string BrokerName, int QueueId) : IComparable<MessageQueue>
{
    /// <summary>By topic, broker name and number; names by their UTF-16 code units.</summary>
    public int CompareTo(MessageQueue other)
    {
        int order = string.CompareOrdinal(Topic, other.Topic);
        if (order == 0)
        {
            order = string.CompareOrdinal(BrokerName, other.BrokerName);
        }

        return order != 0 ? order : QueueId.CompareTo(other.QueueId);
    }

    /// <summary><c>topic@broker/number</c>.</summary>
    public override string ToString() => $"{Topic}@{BrokerName}/{QueueId}";

    /// <summary>Before.</summary>
    public static bool operator <(MessageQueue left, MessageQueue right) => left.CompareTo(right) < 0;

    /// <summary>After.</summary>
    public static bool operator >(MessageQueue left, MessageQueue right) => left.CompareTo(right) > 0;

    /// <summary>Before or equal.</summary>
    public static bool operator <=(MessageQueue left, MessageQueue right) => left.CompareTo(right) <= 0;

    /// <summary>After or equal.</summary>
    public static bool operator >=(MessageQueue left, MessageQueue right) => left.CompareTo(right) >= 0;
}
