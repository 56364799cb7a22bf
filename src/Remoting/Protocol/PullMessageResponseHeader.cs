using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a pull; the body is message records.</summary>
public readonly record struct PullMessageResponseHeader : IHeaderWriter, IHeaderReader<PullMessageResponseHeader>
{
    /// <summary>Which broker of the set to ask next: 0 is the master.</summary>
    public required long SuggestWhichBrokerId { get; init; }

    /// <summary>Where to go on.</summary>
    public required long NextBeginOffset { get; init; }

    /// <summary>The first offset the queue has.</summary>
    public required long MinOffset { get; init; }

    /// <summary>One behind the last.</summary>
    public required long MaxOffset { get; init; }

    /// <summary>For static topics.</summary>
    public long? OffsetDelta { get; init; }

    /// <summary>Unit flags of the topic.</summary>
    public int? TopicSystemFlag { get; init; }

    /// <summary>Unit flags of the group.</summary>
    public int? GroupSystemFlag { get; init; }

    /// <summary>Why a pull was forbidden.</summary>
    public int? ForbiddenType { get; init; }

    /// <inheritdoc/>
    public static PullMessageResponseHeader Read(HeaderFields fields) => new()
    {
        SuggestWhichBrokerId = fields.GetInt64("suggestWhichBrokerId"u8),
        NextBeginOffset = fields.GetInt64("nextBeginOffset"u8),
        MinOffset = fields.GetInt64("minOffset"u8),
        MaxOffset = fields.GetInt64("maxOffset"u8),
        OffsetDelta = fields.GetInt64OrNull("offsetDelta"u8),
        TopicSystemFlag = fields.GetInt32OrNull("topicSysFlag"u8),
        GroupSystemFlag = fields.GetInt32OrNull("groupSysFlag"u8),
        ForbiddenType = fields.GetInt32OrNull("forbiddenType"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.BeginFastPart();
        fields.Add("suggestWhichBrokerId"u8, SuggestWhichBrokerId);
        fields.Add("nextBeginOffset"u8, NextBeginOffset);
        fields.Add("minOffset"u8, MinOffset);
        fields.Add("maxOffset"u8, MaxOffset);
        fields.Add("offsetDelta"u8, OffsetDelta);
        fields.Add("topicSysFlag"u8, TopicSystemFlag);
        fields.Add("groupSysFlag"u8, GroupSystemFlag);
        fields.Add("forbiddenType"u8, ForbiddenType);
        fields.EndFastPart();
    }
}
