using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Compares the progress of groups in a topic (code 308).</summary>
public readonly record struct QueryCorrectionOffsetRequestHeader : IHeaderWriter, IHeaderReader<QueryCorrectionOffsetRequestHeader>
{
    /// <summary>Groups to leave out, separated by commas.</summary>
    public string? FilterGroups { get; init; }

    /// <summary>The group whose progress is compared.</summary>
    public required string CompareGroup { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static QueryCorrectionOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        FilterGroups = fields.GetStringOrNull("filterGroups"u8),
        CompareGroup = fields.GetString("compareGroup"u8),
        Topic = fields.GetString("topic"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("filterGroups"u8, FilterGroups);
        fields.Add("compareGroup"u8, CompareGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("bname"u8, BrokerName);
    }
}
