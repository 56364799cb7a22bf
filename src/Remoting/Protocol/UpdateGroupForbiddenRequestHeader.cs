using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks, and changes, whether a group may read a topic (code 353).</summary>
public readonly record struct UpdateGroupForbiddenRequestHeader : IHeaderWriter, IHeaderReader<UpdateGroupForbiddenRequestHeader>
{
    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Whether it may from now on; absent: no change.</summary>
    public bool? Readable { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static UpdateGroupForbiddenRequestHeader Read(HeaderFields fields) => new()
    {
        Group = fields.GetString("group"u8),
        Topic = fields.GetString("topic"u8),
        Readable = fields.GetBooleanOrNull("readable"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("group"u8, Group);
        fields.Add("topic"u8, Topic);
        fields.Add("readable"u8, Readable);
        fields.Add("bname"u8, BrokerName);
    }
}
