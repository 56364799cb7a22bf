using System.Runtime.InteropServices;
using System.Text;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// Light queues: named sequences of entries into the commit log, a million of them in a store. A record goes to those
/// that the <see cref="ILightQueueSelector"/> says, and to those that it names itself where
/// <see cref="StoreOptions.MultiDispatch"/> is on. An entry is that of a consume queue; the record is read with
/// <see cref="MessageStore.ReadRecord(long, int)"/>. Thread-safe.
/// </summary>
public sealed class LightQueues
{
    private readonly LightQueueTable _table;
    private readonly LightQueueCatalogue _catalogue;
    private readonly LightQueueRegistry _registry;
    private readonly LightQueueProjection _projection;
    private readonly LightQueueMetrics _metrics;
    private readonly Lock _listenerLock = new();
    private ILightQueueListener[] _listeners = [];
    private CommitLog? _log;
    private Dispatcher? _dispatcher;
    private StoreHealth? _health;

    private LightQueues(LightQueueTable table, LightQueueCatalogue catalogue, LightQueueRegistry registry, LightQueueProjection projection, LightQueueMetrics metrics)
    {
        _table = table;
        _catalogue = catalogue;
        _registry = registry;
        _projection = projection;
        _metrics = metrics;
    }

    /// <summary>Light queues that exist.</summary>
    public int Count => _registry.Count;

    internal ILogProjection Projection => _projection;

    /// <summary>The queue of a name; <see cref="LightQueueId.None"/> when there is none.</summary>
    public LightQueueId Find(ReadOnlySpan<byte> name) => _registry.Find(name);

    /// <inheritdoc cref="Find(ReadOnlySpan{byte})"/>
    public LightQueueId Find(string name) => Find(Encoding.UTF8.GetBytes(name));

    /// <summary>
    /// Makes a queue, or finds it. It gets every record that matches and is written after the call, and may get some that
    /// are written during it. It is on the disk on return; calls at the same time share one flush.
    /// </summary>
    public LightQueueStatus Create(string name, out LightQueueId queue) => Create(Encoding.UTF8.GetBytes(name), out queue);

    /// <inheritdoc cref="Create(string, out LightQueueId)"/>
    public LightQueueStatus Create(ReadOnlySpan<byte> name, out LightQueueId queue)
    {
        var status = Add(name, out queue);
        return status == LightQueueStatus.Done ? Record(_catalogue.Flush) : status;
    }

    /// <summary>Makes many queues with one flush; stops at the first that it cannot make. Gives how many exist.</summary>
    public int Create(IEnumerable<string> names, ICollection<LightQueueId> queues, out LightQueueStatus status)
    {
        status = LightQueueStatus.Done;
        var made = 0;
        foreach (var name in names)
        {
            if (_catalogue.IsBufferFull && (status = Record(_catalogue.Write)) != LightQueueStatus.Done)
                return made;
            status = Add(Encoding.UTF8.GetBytes(name), out var queue);
            if (status != LightQueueStatus.Done)
                break;
            queues.Add(queue);
            made++;
        }

        var recorded = Record(_catalogue.Flush);
        if (recorded != LightQueueStatus.Done)
            status = recorded;
        return made;
    }

    /// <summary>Deletes a queue; the deletion is on the disk on return.</summary>
    public LightQueueStatus Delete(LightQueueId queue)
    {
        if (_health!.IsClosedForWrites)
            return LightQueueStatus.ReadOnly;
        if (!_registry.TryRemove(queue))
            return LightQueueStatus.NotFound;
        var status = Record(_catalogue.Flush);
        if (status == LightQueueStatus.Done)
            _registry.Reuse(queue.Slot);
        return status;
    }

    /// <summary>All queues, by slot; those that come and go meanwhile may be among them.</summary>
    public IEnumerable<LightQueueInfo> List()
    {
        for (var slot = LightQueueHeads.FirstSlot; slot < _registry.Slots; slot++)
        {
            if (_registry.TryDescribe(slot, out var info))
                yield return info;
        }
    }

    /// <summary>Offsets of its first entry and after its last one; false when there is no such queue.</summary>
    public bool TryGetRange(LightQueueId queue, out long minOffset, out long maxOffset) => _table.TryGetRange(queue, out minOffset, out maxOffset);

    /// <summary>Reads entries from an offset on; 0 outside of the queue, and when there is no such queue.</summary>
    /// <exception cref="IOException">A block is damaged.</exception>
    public int Read(LightQueueId queue, long offset, Span<QueueEntry> entries)
    {
        var hint = 0;
        return Read(queue, offset, entries, ref hint);
    }

    /// <summary>
    /// Reads entries from an offset on. The hint, 0 at first, is what the last read of the queue left there: reading on
    /// from where it ended then takes the same time wherever that is in a long queue.
    /// </summary>
    /// <exception cref="IOException">A block is damaged.</exception>
    public int Read(LightQueueId queue, long offset, Span<QueueEntry> entries, ref int hint) => _table.Read(queue, offset, entries, ref hint);

    /// <summary>Adds somebody who is told which queues got entries.</summary>
    public void AddListener(ILightQueueListener listener)
    {
        lock (_listenerLock)
        {
            Volatile.Write(ref _listeners, [.. _listeners, listener]);
            if (_projection.Told is not null)
                return;
            _projection.Told = [];
            _dispatcher!.Add(new BatchEnd(this));
        }
    }

    /// <summary>Takes a listener away; it may be told of the batch in hand still.</summary>
    public void RemoveListener(ILightQueueListener listener)
    {
        // The one who listens to the dispatcher stays: the next listener finds it there.
        lock (_listenerLock)
            Volatile.Write(ref _listeners, [.. _listeners.Where(other => other != listener)]);
    }

    /// <summary>Those of a store directory. The projection owns the files and lets them go.</summary>
    internal static LightQueues Of(StoreOptions options, IFileSystem files, ILightQueueSelector? selector)
    {
        var directory = Path.Combine(options.Directory, "lightqueues");
        var arena = new LightQueueArena(files, directory, options.LightQueueFileSize / 4096 * 4096, options.MaxLightQueueBytes);
        var table = new LightQueueTable(arena);
        var catalogue = new LightQueueCatalogue(files, directory);
        var registry = new LightQueueRegistry(table, catalogue, arena, selector, options.MaxLightQueues);
        var metrics = new LightQueueMetrics(() => registry.Count, () => arena.InUse * LightQueueBlock.Size);
        var projection = new LightQueueProjection(table, arena, new LightQueueHeads(files, directory), catalogue, registry, metrics, selector, options);
        return new LightQueues(table, catalogue, registry, projection, metrics);
    }

    internal void Attach(CommitLog log, Dispatcher dispatcher, StoreHealth health)
    {
        _log = log;
        _dispatcher = dispatcher;
        _health = health;
    }

    private LightQueueStatus Add(ReadOnlySpan<byte> name, out LightQueueId queue)
    {
        queue = default;
        var status = _health!.IsClosedForWrites ? LightQueueStatus.ReadOnly : _registry.TryAdd(name, () => _log!.Written, 0, out queue);
        if (status != LightQueueStatus.Done)
            _metrics.Refused(status);
        return status;
    }

    private LightQueueStatus Record(Action step)
    {
        try
        {
            step();
            return LightQueueStatus.Done;
        }
        catch (DiskFullException)
        {
            return LightQueueStatus.NoRoom;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            _health!.Fail("The catalogue of light queues could not be written to the disk", error);
            return LightQueueStatus.ReadOnly;
        }
    }

    private void TellAll()
    {
        var told = _projection.Told!;
        if (told.Count == 0)
            return;
        var queues = CollectionsMarshal.AsSpan(told);
        foreach (var queue in queues)
            _table.ClearTold(queue.Slot);
        try
        {
            foreach (var listener in Volatile.Read(ref _listeners))
                listener.OnEntries(queues);
        }
        finally
        {
            told.Clear();
        }
    }

    /// <summary>The dispatcher's batch is readable.</summary>
    private sealed class BatchEnd(LightQueues owner) : IDispatchListener
    {
        public void OnDispatched(in DispatchedMessage message)
        {
        }

        public void OnBatchEnd(long offset) => owner.TellAll();
    }
}
