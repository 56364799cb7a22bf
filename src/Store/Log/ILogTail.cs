namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// The end of the log that is written to: where the bytes of an append go first, and how they get to the disk. The
/// appender calls all but <see cref="Flush"/>, under its lock; the flusher calls that.
/// </summary>
internal interface ILogTail
{
    /// <summary>Makes room for a record, or for all records of a batch.</summary>
    void Reserve(LogSegment segment, long offset, int size);

    /// <summary>A part of the room that was reserved last.</summary>
    Span<byte> Room(long offset, int size);

    /// <summary>Everything before an offset has its bytes. Called before anyone else learns of it; cheap.</summary>
    void Written(LogSegment segment, long end);

    /// <summary>Makes a range durable. One thread at a time; each range begins where the one before ended.</summary>
    /// <exception cref="IOException">What of the range the disk has is unknown: never try again.</exception>
    void Flush(long from, long to);
}
