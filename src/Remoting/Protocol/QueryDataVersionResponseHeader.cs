using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: whether to register again.</summary>
public readonly record struct QueryDataVersionResponseHeader : IHeaderWriter, IHeaderReader<QueryDataVersionResponseHeader>
{
    /// <summary>Whether the name server knows another version.</summary>
    public required bool Changed { get; init; }

    /// <inheritdoc/>
    public static QueryDataVersionResponseHeader Read(HeaderFields fields) => new()
    {
        Changed = fields.GetBoolean("changed"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("changed"u8, Changed);
    }
}
