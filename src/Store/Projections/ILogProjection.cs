using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Store.Projections;

/// <summary>
/// Something that is built from the log record by record, and can be built from it again: the key index, light queues,
/// compacted topics.
/// <code>
///  Load ─► (Stage ... Commit)* of the recovery scan ─► EndRecovery ─► (Stage ... Commit)* by the dispatcher ─► Dispose
///                                                                      Flush: at each checkpoint, on another thread
/// </code>
/// It is told of every record from the offset that <see cref="Load"/> gives on, in log order, some of them more than
/// once after a crash: telling it again changes nothing.
/// </summary>
internal interface ILogProjection : IDisposable
{
    /// <summary>
    /// Reads what it has on the disk, keeps what is certain, and gives the offset from which it must be told of
    /// records: <see cref="ProjectionStart.Offset"/>, or an earlier one when it lost something.
    /// </summary>
    long Load(in ProjectionStart start);

    /// <summary>Takes a record. Nothing is to be seen of it before <see cref="Commit"/>. Allocates nothing.</summary>
    void Stage(in MessageRecord record);

    /// <summary>
    /// Makes what is staged readable. When it throws <see cref="Files.DiskFullException"/> it is called again with the same
    /// records staged.
    /// </summary>
    void Commit();

    /// <summary>So much is staged that a commit should come before the next record.</summary>
    bool WantsCommit => false;

    /// <summary>The log ends here: forgets what it knows of records behind. Commits came before.</summary>
    void EndRecovery(long end);

    /// <summary>Makes everything committed before the call durable. Called while records are staged on another thread.</summary>
    void Flush();

    /// <summary>
    /// Records before this offset are about to be deleted (retention): what is still needed of them is durable elsewhere
    /// on return, what points to them may go. An exception keeps the records. Called while records are staged on another
    /// thread, and readers read.
    /// </summary>
    void Trim(long minOffset);

    /// <summary>What <see cref="Load"/> and <see cref="EndRecovery"/> repaired; named in docs/storage.md.</summary>
    IReadOnlyList<Repair> Repairs => [];
}

/// <summary>What a projection is told when the store opens.</summary>
/// <param name="Offset">The checkpoint's offset: everything before it was flushed.</param>
/// <param name="LogStart">Where the log begins.</param>
/// <param name="IsClean">The store was closed; nothing is behind <paramref name="Offset"/>.</param>
/// <param name="Rebuild">Throw away what is on the disk and build it all again from the log.</param>
/// <param name="IndexTimestamp">
/// Index files that end after this store time are not certain to be whole: Apache RocketMQ wrote them and was not closed,
/// or nothing is known of them.
/// </param>
internal readonly record struct ProjectionStart(long Offset, long LogStart, bool IsClean, bool Rebuild, long IndexTimestamp)
{
    /// <summary><see cref="Offset"/> is that of a checkpoint of ours, and not guessed from the times of one of Apache RocketMQ.</summary>
    public bool IsOwn { get; init; } = true;

    /// <summary>Offsets of the first and the last record that the checkpoint knows to be in the key index; -1 when it does not know.</summary>
    public (long Begin, long End) Index { get; init; } = (-1, -1);

    /// <summary>The consume queues; what the scan is about to tell is cut off.</summary>
    public QueueTable? Queues { get; init; }

    /// <summary>Reads a record of the log by its physical offset, while the store is opened.</summary>
    public Func<long, RecordLease>? Read { get; init; }
}
