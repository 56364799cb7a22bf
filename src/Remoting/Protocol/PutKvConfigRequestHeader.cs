using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Stores a value at the name server (code 100).</summary>
public readonly record struct PutKvConfigRequestHeader : IHeaderWriter, IHeaderReader<PutKvConfigRequestHeader>
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>The value.</summary>
    public required string Value { get; init; }

    /// <inheritdoc/>
    public static PutKvConfigRequestHeader Read(HeaderFields fields) => new()
    {
        Namespace = fields.GetString("namespace"u8),
        Key = fields.GetString("key"u8),
        Value = fields.GetString("value"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("namespace"u8, Namespace);
        fields.Add("key"u8, Key);
        fields.Add("value"u8, Value);
    }
}
