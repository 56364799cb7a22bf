using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks where a group is in its topics (code 208).</summary>
public readonly record struct GetConsumeStatsRequestHeader : IHeaderWriter, IHeaderReader<GetConsumeStatsRequestHeader>
{
    /// <summary>The group.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>One topic; absent or blank: all that it has progress in.</summary>
    public string? Topic { get; init; }

    /// <summary>Topics separated by semicolons, subscribed or not.</summary>
    public string? TopicList { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static GetConsumeStatsRequestHeader Read(HeaderFields fields) => new()
    {
        ConsumerGroup = fields.GetString("consumerGroup"u8),
        Topic = fields.GetStringOrNull("topic"u8),
        TopicList = fields.GetStringOrNull("topicList"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("consumerGroup"u8, ConsumerGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("topicList"u8, TopicList);
        fields.Add("bname"u8, BrokerName);
    }
}
