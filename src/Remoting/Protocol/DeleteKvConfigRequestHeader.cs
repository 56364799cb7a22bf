using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Forgets a value (code 102).</summary>
public readonly record struct DeleteKvConfigRequestHeader : IHeaderWriter, IHeaderReader<DeleteKvConfigRequestHeader>
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <inheritdoc/>
    public static DeleteKvConfigRequestHeader Read(HeaderFields fields) => new()
    {
        Namespace = fields.GetString("namespace"u8),
        Key = fields.GetString("key"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("namespace"u8, Namespace);
        fields.Add("key"u8, Key);
    }
}
