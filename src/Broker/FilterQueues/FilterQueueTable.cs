using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>The queues of filters over the store's light queues.</summary>
internal sealed class FilterQueueTable : IFilterQueueTable, ILightQueueListener
{
    private const int EntriesAtOnce = 64;

    private readonly MessageStore _store;
    private readonly FilterUsage _usage;
    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], FilterWatch> _watches = new(Utf8Comparer.Instance);
    private readonly Dictionary<LightQueueId, FilterWatch> _watched = [];

    public FilterQueueTable(MessageStore store, FilterSelector selector, TimeProvider time)
    {
        _store = store;
        _usage = new FilterUsage(time);
        selector.Changed = OnChanged;
        store.LightQueues.AddListener(this);
    }

    public LightQueueStatus Ensure(ReadOnlySpan<byte> filter, out FilterQueueRange range)
    {
        range = default;
        if (filter.IsEmpty || filter.Count((byte)'/') >= FilterTree.MaxLevels)
        {
            return LightQueueStatus.Malformed;
        }

        // Whoever deletes it meanwhile looks at its use under the same lock.
        lock (_usage.LaneOf(filter))
        {
            _usage.Used(filter);
            if (TryFind(filter, out range))
            {
                return LightQueueStatus.Done;
            }

            LightQueueStatus status = _store.LightQueues.Create(NameOf(filter), out LightQueueId queue);
            if (status == LightQueueStatus.Done && _store.LightQueues.TryGetRange(queue, out long min, out long max))
            {
                range = new FilterQueueRange(min, max);
            }

            return status;
        }
    }

    public bool TryUse(ReadOnlySpan<byte> filter, out FilterQueueRange range)
    {
        lock (_usage.LaneOf(filter))
        {
            bool found = TryFind(filter, out range);
            if (found)
            {
                _usage.Used(filter);
            }

            return found;
        }
    }

    public LightQueueStatus Delete(ReadOnlySpan<byte> filter, TimeSpan unusedFor)
    {
        lock (_usage.LaneOf(filter))
        {
            if (unusedFor > TimeSpan.Zero && _usage.IsUsedWithin(filter, unusedFor))
            {
                return LightQueueStatus.Done;
            }

            _usage.Forget(filter);
            LightQueueId queue = Find(filter);
            return queue.IsNone ? LightQueueStatus.NotFound : _store.LightQueues.Delete(queue);
        }
    }

    public void Share(ReadOnlySpan<byte> filter) => _usage.Share(filter);

    public bool IsShared(ReadOnlySpan<byte> filter) => _usage.IsShared(filter);

    public bool TryFind(ReadOnlySpan<byte> filter, out FilterQueueRange range)
    {
        bool found = _store.LightQueues.TryGetRange(Find(filter), out long min, out long max);
        range = new FilterQueueRange(min, max);
        return found;
    }

    public IReadOnlyList<byte[]> List()
    {
        string prefix = System.Text.Encoding.UTF8.GetString(FilterSelector.Prefix);
        return [.. _store.LightQueues.List()
            .Where(queue => queue.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(queue => System.Text.Encoding.UTF8.GetBytes(queue.Name[prefix.Length..]))];
    }

    public bool Read(in FilterQueueRead read, IRecordSink sink, out FilterQueueReading reading)
    {
        LightQueueId queue = Find(read.Filter.Span);
        reading = default;
        if (!_store.LightQueues.TryGetRange(queue, out long min, out long max))
        {
            return false;
        }

        long start = read.Offset > max ? min : Math.Max(min, read.Offset);
        var state = new Reading(sink, start, Math.Max(0, start - read.Offset), read.MaxMessages, read.MaxBytes);
        Span<QueueEntry> entries = stackalloc QueueEntry[EntriesAtOnce];
        int hint = 0;
        while (state.Next < max && state.WantsMore)
        {
            int wanted = (int)Math.Min(EntriesAtOnce, Math.Min(max - state.Next, state.MessagesLeft));
            int count = _store.LightQueues.Read(queue, state.Next, entries[..wanted], ref hint);
            if (count == 0)
            {
                // Retention came in between.
                if (!_store.LightQueues.TryGetRange(queue, out min, out _) || min <= state.Next)
                {
                    break;
                }

                state.SkipTo(min);
                continue;
            }

            if (!Take(entries[..count], ref state))
            {
                break;
            }
        }

        reading = new FilterQueueReading(state.Next, state.Missing, state.Count, new FilterQueueRange(min, max));
        return true;
    }

    public IDisposable Watch(ReadOnlySpan<byte> filter, Action arrived)
    {
        byte[] name = NameOf(filter);
        FilterWatch? watch;
        lock (_lock)
        {
            if (!_watches.TryGetValue(name, out watch))
            {
                _watches.Add(name, watch = new FilterWatch(name));
            }

            watch.Calls = [.. watch.Calls, arrived];
        }

        // Looked for once changes of it are told. The lock is not held: whoever makes a queue tells under locks of the store.
        LightQueueId queue = _store.LightQueues.Find(name);
        lock (_lock)
        {
            if (!queue.IsNone && watch.Queue.IsNone && watch.Calls.Length > 0)
            {
                watch.Queue = queue;
                _watched[queue] = watch;
            }
        }

        return new Unwatch(this, watch, arrived);
    }

    public void OnEntries(ReadOnlySpan<LightQueueId> queues)
    {
        foreach (LightQueueId queue in queues)
        {
            Action[] calls;
            lock (_lock)
            {
                calls = _watched.TryGetValue(queue, out FilterWatch? watch) ? watch.Calls : [];
            }

            foreach (Action call in calls)
            {
                call();
            }
        }
    }

    private static byte[] NameOf(ReadOnlySpan<byte> filter) => [.. FilterSelector.Prefix, .. filter];

    private LightQueueId Find(ReadOnlySpan<byte> filter) => _store.LightQueues.Find(NameOf(filter));

    /// <summary>Hands records over; false when the rest is not to be read now.</summary>
    private bool Take(ReadOnlySpan<QueueEntry> entries, ref Reading state)
    {
        foreach (QueueEntry entry in entries)
        {
            if (_store.IsAhead(entry))
            {
                return false;
            }

            using RecordLease lease = _store.ReadRecord(entry.PhysicalOffset, entry.Size);
            if (lease.IsEmpty)
            {
                state.Skip();
                continue;
            }

            if (!state.WantsMore || !state.Take(entry.PhysicalOffset, lease.Span))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A watched filter's queue is another one now, or none.</summary>
    private void OnChanged(LightQueueId queue, ReadOnlySpan<byte> name, bool exists)
    {
        lock (_lock)
        {
            if (!_watches.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out FilterWatch? watch))
            {
                return;
            }

            _watched.Remove(watch.Queue);
            watch.Queue = exists ? queue : LightQueueId.None;
            if (exists)
            {
                _watched[queue] = watch;
            }
        }
    }

    private void End(FilterWatch watch, Action arrived)
    {
        lock (_lock)
        {
            int at = Array.IndexOf(watch.Calls, arrived);
            if (at >= 0)
            {
                watch.Calls = [.. watch.Calls.AsSpan(0, at), .. watch.Calls.AsSpan(at + 1)];
            }

            if (watch.Calls.Length == 0)
            {
                _watches.Remove(watch.Name);
                _watched.Remove(watch.Queue);
            }
        }
    }

    /// <summary>One read on its way.</summary>
    private struct Reading(IRecordSink sink, long start, long missing, int maxMessages, int maxBytes)
    {
        private long _bytes;

        public long Next { get; private set; } = start;

        public long Missing { get; private set; } = missing;

        public int Count { get; private set; }

        public readonly int MessagesLeft => maxMessages - Count;

        public readonly bool WantsMore => Count < maxMessages && _bytes < maxBytes;

        public void Skip()
        {
            Next++;
            Missing++;
        }

        public void SkipTo(long offset)
        {
            Missing += offset - Next;
            Next = offset;
        }

        public bool Take(long physicalOffset, ReadOnlySpan<byte> record)
        {
            if (!sink.Accept(Next, physicalOffset, record))
            {
                return false;
            }

            _bytes += record.Length;
            Next++;
            Count++;
            return true;
        }
    }

    private sealed class FilterWatch(byte[] name)
    {
        public byte[] Name { get; } = name;

        public LightQueueId Queue { get; set; }

        public Action[] Calls { get; set; } = [];
    }

    private sealed class Unwatch(FilterQueueTable owner, FilterWatch watch, Action arrived) : IDisposable
    {
        public void Dispose() => owner.End(watch, arrived);
    }
}
