using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>A reply on its way to the client that asked (code 326): what was sent, and what the broker knows of it. The body is the reply's.</summary>
public readonly record struct ReplyMessageRequestHeader : IHeaderWriter, IHeaderReader<ReplyMessageRequestHeader>
{
    /// <summary>The reply as it was sent to the broker, with the properties that the broker hands on.</summary>
    public required SendMessageRequestHeader Sent { get; init; }

    /// <summary>Who replies, <c>host:port</c>.</summary>
    public required string BornHost { get; init; }

    /// <summary>The broker, <c>host:port</c>.</summary>
    public required string StoreHost { get; init; }

    /// <summary>When the broker took the reply, in milliseconds since 1970.</summary>
    public required long StoreTimestamp { get; init; }

    /// <inheritdoc/>
    public static ReplyMessageRequestHeader Read(HeaderFields fields) => new()
    {
        Sent = SendMessageRequestHeader.Read(fields),
        BornHost = fields.GetString("bornHost"u8),
        StoreHost = fields.GetString("storeHost"u8),
        StoreTimestamp = fields.GetInt64("storeTimestamp"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        Sent.Write(fields);
        fields.Add("bornHost"u8, BornHost);
        fields.Add("storeHost"u8, StoreHost);
        fields.Add("storeTimestamp"u8, StoreTimestamp);
    }
}
