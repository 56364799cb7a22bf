namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// Consuming by pop: messages of any queue of a topic go to whoever asks, stay invisible to others for a time, and come back
/// unless they are acknowledged. Native consumers and fronts of one group share the messages through this.
/// </summary>
/// <remarks>Thread safe.</remarks>
public interface IPopConsumers
{
    /// <summary>
    /// Pops, synchronously, into an answer that is empty before. The messages are accounted for in the log: hand them out
    /// once it is durable up to <see cref="PopAnswer.AccountEnd"/>.
    /// </summary>
    PopStatus Pop(in PopRequest request, PopAnswer answer);

    /// <summary>Reads what a pop would give, and takes nothing.</summary>
    PopStatus Peek(in PopRequest request, PopAnswer answer);

    /// <summary>Whether a pop would find something, as far as can be told without filters.</summary>
    bool HasMessages(in PopRequest request);

    /// <summary>
    /// Acknowledges messages of one pop and queue. Completes when that is durable: they do not come back. What is not known
    /// (any more) is no error.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="topic">The topic that the messages are in; of what came back, the retry topic.</param>
    /// <param name="queueId">The queue.</param>
    /// <param name="handle">The receipt handle.</param>
    /// <param name="offsets">Queue offsets of the messages.</param>
    ValueTask<PopSettleStatus> AckAsync(string group, string topic, int queueId, in ReceiptHandle handle, ReadOnlySpan<long> offsets);

    /// <summary>Makes a popped message visible again after another time from now on. Completes when that is durable.</summary>
    ValueTask<PopExtension> ChangeInvisibleAsync(string group, string topic, int queueId, in ReceiptHandle handle, long offset, long invisibleTime);

    /// <summary>
    /// Waits for messages that <see cref="PopWait.Request"/> asks for. When some came meanwhile the wait ends at once (on a pool thread, never
    /// inside this call).
    /// </summary>
    PopHold Hold(PopWait wait);

    /// <summary>Takes a wait back: true when it was still held; false when it ended or is ending.</summary>
    bool CancelWait(PopWait wait);

    /// <summary>How many pops of a group wait for a queue (below 0: for any).</summary>
    int WaitsOf(string group, string topic, int queueId);
}
