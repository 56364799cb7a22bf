using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Creates or changes a topic (code 17).</summary>
public readonly record struct CreateTopicRequestHeader : IHeaderWriter, IHeaderReader<CreateTopicRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The topic whose settings are inherited.</summary>
    public required string DefaultTopic { get; init; }

    /// <summary>Queues to read.</summary>
    public required int ReadQueues { get; init; }

    /// <summary>Queues to write.</summary>
    public required int WriteQueues { get; init; }

    /// <summary>4 read, 2 write, 1 inherit.</summary>
    public required int Permission { get; init; }

    /// <summary>"SINGLE_TAG" or "MULTI_TAG".</summary>
    public required string FilterType { get; init; }

    /// <summary>Unit flags.</summary>
    public int? SystemFlag { get; init; }

    /// <summary>Whether the topic is ordered.</summary>
    public bool Order { get; init; }

    /// <summary>"+key=value,-key".</summary>
    public string? Attributes { get; init; }

    /// <summary>Whether to override checks.</summary>
    public bool? Force { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static CreateTopicRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        DefaultTopic = fields.GetString("defaultTopic"u8),
        ReadQueues = fields.GetInt32("readQueueNums"u8),
        WriteQueues = fields.GetInt32("writeQueueNums"u8),
        Permission = fields.GetInt32("perm"u8),
        FilterType = fields.GetString("topicFilterType"u8),
        SystemFlag = fields.GetInt32OrNull("topicSysFlag"u8),
        Order = fields.GetBoolean("order"u8, false),
        Attributes = fields.GetStringOrNull("attributes"u8),
        Force = fields.GetBooleanOrNull("force"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("defaultTopic"u8, DefaultTopic);
        fields.Add("readQueueNums"u8, ReadQueues);
        fields.Add("writeQueueNums"u8, WriteQueues);
        fields.Add("perm"u8, Permission);
        fields.Add("topicFilterType"u8, FilterType);
        fields.Add("topicSysFlag"u8, SystemFlag);
        fields.Add("order"u8, Order);
        fields.Add("attributes"u8, Attributes);
        fields.Add("force"u8, Force);
        fields.Add("bname"u8, BrokerName);
    }
}
