using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks which brokers have a topic (code 105).</summary>
public readonly record struct GetRouteInfoRequestHeader : IHeaderWriter, IHeaderReader<GetRouteInfoRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Whether number keys of the answer must be quoted.</summary>
    public bool? AcceptStandardJsonOnly { get; init; }

    /// <inheritdoc/>
    public static GetRouteInfoRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        AcceptStandardJsonOnly = fields.GetBooleanOrNull("acceptStandardJsonOnly"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("acceptStandardJsonOnly"u8, AcceptStandardJsonOnly);
    }
}
