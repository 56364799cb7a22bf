using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks which brokers have a topic (code 105).</summary>
public readonly record struct GetRouteInfoRequestHeader : IHeaderWriter, IHeaderReader<GetRouteInfoRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Whether number keys of the answer must be quoted.</summary>
    public bool? AcceptStandardJsonOnly { get; init; }

    /// <summary>Whether only brokers of <see cref="ZoneName"/> are wanted.</summary>
    public bool? ZoneMode { get; init; }

    /// <summary>The zone the client is in.</summary>
    public string? ZoneName { get; init; }

    /// <inheritdoc/>
    public static GetRouteInfoRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        AcceptStandardJsonOnly = fields.GetBooleanOrNull("acceptStandardJsonOnly"u8),
        ZoneMode = fields.GetBooleanOrNull("__ZONE_MODE"u8),
        ZoneName = fields.GetStringOrNull("__ZONE_NAME"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("acceptStandardJsonOnly"u8, AcceptStandardJsonOnly);
        fields.Add("__ZONE_MODE"u8, ZoneMode);
        fields.Add("__ZONE_NAME"u8, ZoneName);
    }
}
