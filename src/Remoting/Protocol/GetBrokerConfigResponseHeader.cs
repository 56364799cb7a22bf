using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>The version of the broker's configuration, as JSON.</summary>
public readonly record struct GetBrokerConfigResponseHeader : IHeaderWriter, IHeaderReader<GetBrokerConfigResponseHeader>
{
    /// <summary>The version.</summary>
    public string? Version { get; init; }

    /// <inheritdoc/>
    public static GetBrokerConfigResponseHeader Read(HeaderFields fields) => new()
    {
        Version = fields.GetStringOrNull("version"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("version"u8, Version);
    }
}
