using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a change of the invisible time: what the new receipt handle is made of.</summary>
public readonly record struct ChangeInvisibleTimeResponseHeader : IHeaderWriter, IHeaderReader<ChangeInvisibleTimeResponseHeader>
{
    /// <summary>The new time of the pop, Unix milliseconds.</summary>
    public required long PopTime { get; init; }

    /// <summary>Milliseconds from it on.</summary>
    public required long InvisibleTime { get; init; }

    /// <summary>Where the broker keeps account of it.</summary>
    public required int ReviveQueueId { get; init; }

    /// <inheritdoc/>
    public static ChangeInvisibleTimeResponseHeader Read(HeaderFields fields) => new()
    {
        PopTime = fields.GetInt64("popTime"u8),
        InvisibleTime = fields.GetInt64("invisibleTime"u8),
        ReviveQueueId = fields.GetInt32("reviveQid"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("popTime"u8, PopTime);
        fields.Add("invisibleTime"u8, InvisibleTime);
        fields.Add("reviveQid"u8, ReviveQueueId);
    }
}
