using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for a counter of the broker (code 315).</summary>
public readonly record struct ViewBrokerStatsDataRequestHeader : IHeaderWriter, IHeaderReader<ViewBrokerStatsDataRequestHeader>
{
    /// <summary>What is counted.</summary>
    public required string StatsName { get; init; }

    /// <summary>Of which topic, or topic@group, or cluster.</summary>
    public required string StatsKey { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static ViewBrokerStatsDataRequestHeader Read(HeaderFields fields) => new()
    {
        StatsName = fields.GetString("statsName"u8),
        StatsKey = fields.GetString("statsKey"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("statsName"u8, StatsName);
        fields.Add("statsKey"u8, StatsKey);
        fields.Add("bname"u8, BrokerName);
    }
}
