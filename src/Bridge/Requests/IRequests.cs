using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Requests;

/// <summary>Request-reply as RocketMQ's clients do it: a message that asks, and a reply that goes to the client that waits.</summary>
/// <remarks>Thread safe. Errors are <see cref="BridgeException"/>s.</remarks>
public interface IRequests
{
    /// <summary>Publishes a message and waits for its reply.</summary>
    /// <param name="message">The request; borrowed until this completes.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait; the request may be handled nevertheless.</param>
    /// <exception cref="BridgeException"><see cref="BridgeError.Timeout"/>: the request is stored, and no reply came.</exception>
    ValueTask<Reply> RequestAsync(PublishMessage message, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Replies to a request; complete when who asked has the reply.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.DeliveryUnknown"/>: who asked waits no more.</exception>
    ValueTask ReplyAsync(ReplyAddress to, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default);
}

/// <summary>A reply. It owns its memory.</summary>
/// <param name="Properties">What its sender said beside the body.</param>
/// <param name="Body">The body.</param>
public sealed record Reply(MessageProperties Properties, ReadOnlyMemory<byte> Body);

/// <summary>Whom a reply is for, as the request said it.</summary>
/// <param name="Client">The client that waits.</param>
/// <param name="CorrelationId">Names the request.</param>
/// <param name="Cluster">The cluster that took it.</param>
/// <param name="TimeToLive">Milliseconds that the client waits, as text.</param>
public sealed record ReplyAddress(string Client, string CorrelationId, string Cluster, string TimeToLive)
{
    /// <summary>Reads it from the properties of a message; null when that asks for no reply.</summary>
    public static ReplyAddress? Of(MessageProperties properties)
        => properties.GetString(PropertyNames.ReplyToClient) is { Length: > 0 } client
            && properties.GetString(PropertyNames.CorrelationId) is { Length: > 0 } correlation
            ? new ReplyAddress(client, correlation, properties.GetString(PropertyNames.Cluster) ?? string.Empty, properties.GetString(PropertyNames.TimeToLive) ?? "0")
            : null;
}
