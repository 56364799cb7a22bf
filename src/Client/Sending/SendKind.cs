namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Which request a send is.</summary>
internal enum SendKind
{
    /// <summary>One message.</summary>
    Message,

    /// <summary>A part of a batch.</summary>
    Batch,

    /// <summary>A reply to a request: the broker hands it on to who asked.</summary>
    Reply,
}
