namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>Whose counter it is.</summary>
/// <param name="Kind">What is counted.</param>
/// <param name="Topic">The topic; the cluster's name where all are counted.</param>
/// <param name="Group">The group; empty where none counts.</param>
public readonly record struct StatisticKey(StatisticKind Kind, string Topic, string Group)
{
    /// <summary>Finds the counter that RocketMQ calls so; null for one that is not kept.</summary>
    /// <param name="name">Such as TOPIC_PUT_NUMS.</param>
    /// <param name="of">The topic, <c>topic@group</c>, or the cluster.</param>
    /// <param name="isSize">Whether the counter's bytes are meant, not its messages.</param>
    public static StatisticKey? Parse(string name, string of, out bool isSize)
    {
        isSize = name.EndsWith("_SIZE", StringComparison.Ordinal);
        switch (name)
        {
            case "TOPIC_PUT_NUMS" or "TOPIC_PUT_SIZE":
                return new StatisticKey(StatisticKind.TopicPut, of, string.Empty);
            case "BROKER_PUT_NUMS":
                return new StatisticKey(StatisticKind.BrokerPut, of, string.Empty);
            case "BROKER_GET_NUMS":
                return new StatisticKey(StatisticKind.BrokerGet, of, string.Empty);
        }

        StatisticKind? kind = name switch
        {
            "GROUP_GET_NUMS" or "GROUP_GET_SIZE" => StatisticKind.GroupGet,
            "SNDBCK_PUT_NUMS" => StatisticKind.SendBack,
            "GROUP_ACK_NUMS" => StatisticKind.GroupAck,
            _ => null,
        };
        int at = of.IndexOf('@', StringComparison.Ordinal);
        return kind is { } known && at > 0 ? new StatisticKey(known, of[..at], of[(at + 1)..]) : null;
    }
}
