using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: a value.</summary>
public readonly record struct GetKvConfigResponseHeader : IHeaderWriter, IHeaderReader<GetKvConfigResponseHeader>
{
    /// <summary>The value.</summary>
    public string? Value { get; init; }

    /// <inheritdoc/>
    public static GetKvConfigResponseHeader Read(HeaderFields fields) => new()
    {
        Value = fields.GetStringOrNull("value"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("value"u8, Value);
    }
}
