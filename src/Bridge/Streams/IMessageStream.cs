using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>
/// A pull of messages with credit: the caller says how many it can take. That is MQTT's receive maximum, AMQP's
/// prefetch and link credit, HTTP's long poll and gRPC's receive.
/// </summary>
/// <remarks>
/// Thread safety: one receive at a time; settling and selecting may run beside it.
/// Disposing leaves: unsettled deliveries of a group become due for redelivery at once.
/// </remarks>
public interface IMessageStream : IAsyncDisposable
{
    /// <summary>
    /// Clears <paramref name="batch"/> and receives up to <paramref name="max"/> messages into it: at once what is
    /// there, otherwise it waits for the first one.
    /// </summary>
    /// <param name="batch">Owned by the caller.</param>
    /// <param name="max">Credit, at least 1.</param>
    /// <param name="wait">How long to wait for the first message; zero to look only; infinite is allowed.</param>
    /// <param name="cancellationToken">Ends the wait; no message is lost by it.</param>
    /// <returns>How many were received; 0 when the wait ran out.</returns>
    ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default);

    /// <summary>Says what became of a delivery. Group streams only.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.DeliveryUnknown"/>: too late, or never delivered.</exception>
    ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes the topics received. When the task completes, a message whose publish to one of them is acknowledged
    /// from then on will be received; messages of topics no longer selected may still arrive from before. A group without
    /// progress in a topic that is selected later begins with its first message.
    /// </summary>
    ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default);
}
