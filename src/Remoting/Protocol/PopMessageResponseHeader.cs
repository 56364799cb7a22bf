using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a pop; the body is message records. A peek is answered with the same.</summary>
public readonly record struct PopMessageResponseHeader : IHeaderWriter, IHeaderReader<PopMessageResponseHeader>
{
    /// <summary>When the messages were popped, Unix milliseconds.</summary>
    public required long PopTime { get; init; }

    /// <summary>Milliseconds that they stay invisible.</summary>
    public required long InvisibleTime { get; init; }

    /// <summary>Where the broker keeps account of them; 999 for messages in order.</summary>
    public required int ReviveQueueId { get; init; }

    /// <summary>Messages that are left.</summary>
    public required long RestCount { get; init; }

    /// <summary>By queue: retry mark, queue, offset that the read began at.</summary>
    public HeaderText StartOffsetInfo { get; init; }

    /// <summary>By queue: retry mark, queue, offsets of the messages.</summary>
    public HeaderText MessageOffsetInfo { get; init; }

    /// <summary>Of messages in order: how often they were given before.</summary>
    public HeaderText OrderCountInfo { get; init; }

    /// <inheritdoc/>
    public static PopMessageResponseHeader Read(HeaderFields fields) => new()
    {
        PopTime = fields.GetInt64("popTime"u8),
        InvisibleTime = fields.GetInt64("invisibleTime"u8),
        ReviveQueueId = fields.GetInt32("reviveQid"u8),
        RestCount = fields.GetInt64("restNum"u8),
        StartOffsetInfo = fields.GetTextOrAbsent("startOffsetInfo"u8),
        MessageOffsetInfo = fields.GetTextOrAbsent("msgOffsetInfo"u8),
        OrderCountInfo = fields.GetTextOrAbsent("orderCountInfo"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("popTime"u8, PopTime);
        fields.Add("invisibleTime"u8, InvisibleTime);
        fields.Add("reviveQid"u8, ReviveQueueId);
        fields.Add("restNum"u8, RestCount);
        fields.Add("startOffsetInfo"u8, StartOffsetInfo);
        fields.Add("msgOffsetInfo"u8, MessageOffsetInfo);
        fields.Add("orderCountInfo"u8, OrderCountInfo);
    }
}
