using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks how old what a group reads is (code 303).</summary>
public readonly record struct QueryConsumeTimeSpanRequestHeader : IHeaderWriter, IHeaderReader<QueryConsumeTimeSpanRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static QueryConsumeTimeSpanRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        Group = fields.GetString("group"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("group"u8, Group);
        fields.Add("bname"u8, BrokerName);
    }
}
