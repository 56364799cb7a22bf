using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Gives a group the progress of another (code 314).</summary>
public readonly record struct CloneGroupOffsetRequestHeader : IHeaderWriter, IHeaderReader<CloneGroupOffsetRequestHeader>
{
    /// <summary>Whose progress.</summary>
    public required string SourceGroup { get; init; }

    /// <summary>Who gets it.</summary>
    public required string TargetGroup { get; init; }

    /// <summary>One topic; absent or blank: all.</summary>
    public string? Topic { get; init; }

    /// <summary>Whether topics that it does not subscribe to count too.</summary>
    public bool Offline { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static CloneGroupOffsetRequestHeader Read(HeaderFields fields) => new()
    {
        SourceGroup = fields.GetString("srcGroup"u8),
        TargetGroup = fields.GetString("destGroup"u8),
        Topic = fields.GetStringOrNull("topic"u8),
        Offline = fields.GetBoolean("offline"u8, false),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("srcGroup"u8, SourceGroup);
        fields.Add("destGroup"u8, TargetGroup);
        fields.Add("topic"u8, Topic);
        fields.Add("offline"u8, Offline);
        fields.Add("bname"u8, BrokerName);
    }
}
