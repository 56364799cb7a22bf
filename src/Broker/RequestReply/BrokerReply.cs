using System.Net;

namespace ProtoBridgeMQ.Broker.RequestReply;

/// <summary>A reply on its way to the client that asked.</summary>
/// <param name="Topic">The topic of replies that it was sent to.</param>
/// <param name="Properties">Its property text, with the time at which it is handed on.</param>
/// <param name="Body">Its body.</param>
/// <param name="From">Who replies.</param>
/// <param name="TakenAt">When the broker took it, Unix milliseconds.</param>
public sealed record BrokerReply(string Topic, ReadOnlyMemory<byte> Properties, ReadOnlyMemory<byte> Body, IPEndPoint From, long TakenAt)
{
    /// <summary>The broker.</summary>
    public required IPEndPoint Broker { get; init; }

    /// <summary>How long the client may take to take it.</summary>
    public required TimeSpan Timeout { get; init; }
}
