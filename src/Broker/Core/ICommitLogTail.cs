namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// A sequential reader of the commit log. It begins at the dispatched end: it gives every message that is
/// acknowledged after it was opened, of every topic, in log order, and nothing that a consumer could not read.
/// </summary>
/// <remarks>For one reader at a time. Dispose ends a wait with false.</remarks>
public interface ICommitLogTail : IDisposable
{
    /// <summary>Physical offset of the next record.</summary>
    long Position { get; }

    /// <summary>Bytes between <see cref="Position"/> and the dispatched end.</summary>
    long Behind { get; }

    /// <summary>Hands over the records that are there.</summary>
    /// <returns>How many; 0 when at the end.</returns>
    int Read(int maxMessages, int maxBytes, IRecordSink sink);

    /// <summary>Goes on at the dispatched end, leaving out what lies between; answers how many bytes that was.</summary>
    long SkipToEnd();

    /// <summary>Waits until there is a record at <see cref="Position"/>; false when the tail was disposed or the broker stops.</summary>
    ValueTask<bool> WaitAsync(CancellationToken cancellationToken = default);
}
