namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>What is counted, and of whom.</summary>
public enum StatisticKind
{
    /// <summary>Messages appended to a topic.</summary>
    TopicPut,

    /// <summary>Messages given to a group, by topic.</summary>
    GroupGet,

    /// <summary>Messages that a group sent back, by topic.</summary>
    SendBack,

    /// <summary>Messages that a group acknowledged after a pop, by topic.</summary>
    GroupAck,

    /// <summary>Messages appended in all.</summary>
    BrokerPut,

    /// <summary>Messages given to groups in all.</summary>
    BrokerGet,
}
