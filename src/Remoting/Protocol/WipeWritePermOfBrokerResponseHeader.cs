using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>How many routes were changed.</summary>
public readonly record struct WipeWritePermOfBrokerResponseHeader : IHeaderWriter, IHeaderReader<WipeWritePermOfBrokerResponseHeader>
{
    /// <summary>Topics of the broker.</summary>
    public required int WipeTopicCount { get; init; }

    /// <inheritdoc/>
    public static WipeWritePermOfBrokerResponseHeader Read(HeaderFields fields) => new()
    {
        WipeTopicCount = fields.GetInt32("wipeTopicCount"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("wipeTopicCount"u8, WipeTopicCount);
    }
}
