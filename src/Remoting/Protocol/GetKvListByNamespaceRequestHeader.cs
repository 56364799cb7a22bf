using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for all values of a namespace (code 219).</summary>
public readonly record struct GetKvListByNamespaceRequestHeader : IHeaderWriter, IHeaderReader<GetKvListByNamespaceRequestHeader>
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <inheritdoc/>
    public static GetKvListByNamespaceRequestHeader Read(HeaderFields fields) => new()
    {
        Namespace = fields.GetString("namespace"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("namespace"u8, Namespace);
    }
}
