using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Bridge.Filters;

/// <summary>
/// Durable queues of topic filters, for MQTT sessions that outlive their connections. A filter (<c>a/+/c</c>, <c>a/#</c>)
/// has one queue however many sessions use it: a message that any protocol publishes, and whose MQTT topic name the filter
/// matches, is one entry in it. A reader keeps its own place; reading changes nothing.
/// </summary>
/// <remarks>
/// <para>Each broker has the part of the queue that its own messages are in; a part is in the order of that broker's log.
/// What is read may be behind what was acknowledged by a moment.</para>
/// <para>Filters are UTF-8 without a share name, as MQTT spells them, and are compared as bytes. A message is in a queue
/// at most once. Retention takes messages away at the front; a queue may also have a limit of its own.</para>
/// <para>Thread safe. A message is named by its broker and <see cref="BridgeMessage.LogOffset"/>, which outlive the queue.</para>
/// </remarks>
public interface IFilterQueues
{
    /// <summary>
    /// Makes the queue of a filter, or finds it. When the task completes the queue is durable, and every matching message
    /// whose publish is acknowledged from then on will be in it, not before the ends that are answered.
    /// </summary>
    /// <returns>The parts of the queue as they are now: at least one.</returns>
    /// <exception cref="BridgeException"><see cref="BridgeError.FilterInvalid"/>; <see cref="BridgeError.Busy"/> when
    /// there are as many queues as may be; as for a publish.</exception>
    ValueTask<IReadOnlyList<FilterRange>> EnsureAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default);

    /// <summary>The parts of a filter's queue as they are now; none when there is no queue.</summary>
    ValueTask<IReadOnlyList<FilterRange>> FindAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes the queue of a filter; deleting what is not there is no error. A queue that <see cref="EnsureAsync"/> made or
    /// found within the time given, at most an hour, at any gateway, stays: somebody is going to use it.
    /// </summary>
    ValueTask DeleteAsync(ReadOnlyMemory<byte> filter, TimeSpan unusedFor = default, CancellationToken cancellationToken = default);

    /// <summary>The filters that have a queue.</summary>
    ValueTask<IReadOnlyList<byte[]>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads messages of one part of a queue from an offset on, without waiting for any.</summary>
    /// <param name="from">Where.</param>
    /// <param name="max">Credit, at least 1.</param>
    /// <param name="batch">Cleared, then filled; owned by the caller.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<FilterRead> ReadAsync(FilterPlace from, int max, MessageBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Adds the message at a place of a broker's log to a batch; false when it is not there any more.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.Unreachable"/>: the broker is not there now.</exception>
    ValueTask<bool> ReadMessageAsync(string broker, long logOffset, MessageBatch batch, CancellationToken cancellationToken = default);

    /// <summary>
    /// Has a call made whenever a filter's queue may have new messages, until the answer is disposed. The call must not
    /// block or throw; it may come from any thread, also when there is nothing new.
    /// </summary>
    IDisposable Watch(ReadOnlyMemory<byte> filter, Action arrived);
}

/// <summary>The part of a filter's queue that one broker has.</summary>
/// <param name="Broker">The broker's name.</param>
/// <param name="MinOffset">Offset of its first entry.</param>
/// <param name="MaxOffset">Offset after its last entry.</param>
public readonly record struct FilterRange(string Broker, long MinOffset, long MaxOffset);

/// <summary>A place in a part of a filter's queue.</summary>
/// <param name="Filter">The filter.</param>
/// <param name="Broker">The broker's name.</param>
/// <param name="Offset">Offset of the next entry.</param>
public readonly record struct FilterPlace(ReadOnlyMemory<byte> Filter, string Broker, long Offset);

/// <summary>What a read found.</summary>
/// <param name="Exists">Whether there is such a queue.</param>
/// <param name="NextOffset">Where to read on.</param>
/// <param name="Missing">Entries from the offset asked for to the next one that are not there any more, or that this
/// reader was too late for.</param>
public readonly record struct FilterRead(bool Exists, long NextOffset, long Missing);
