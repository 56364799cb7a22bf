using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>How many pops are held.</summary>
public readonly record struct PollingInfoResponseHeader : IHeaderWriter, IHeaderReader<PollingInfoResponseHeader>
{
    /// <summary>How many.</summary>
    public required int PollingCount { get; init; }

    /// <inheritdoc/>
    public static PollingInfoResponseHeader Read(HeaderFields fields) => new()
    {
        PollingCount = fields.GetInt32("pollingNum"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("pollingNum"u8, PollingCount);
    }
}
