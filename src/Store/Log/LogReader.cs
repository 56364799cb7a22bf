using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// Walks the commit log in its order, up to the dispatched offset: what tails without a queue of their own read.
/// One thread at a time. Holds the segment it stands in until it moves on or is disposed.
/// </summary>
public sealed class LogReader : IDisposable
{
    internal LogReader(long position) => Position = position;

    /// <summary>Physical offset of the next record.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// Reads the next record; false when there is none yet. The view is valid until the next call.
    /// A position that retention has taken away moves on to the first record there is.
    /// </summary>
    public bool TryReadNext(out MessageRecord record) => throw new NotSupportedException();

    /// <summary>Goes to another record: the physical offset of any record.</summary>
    public void Seek(long position) => Position = position;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
