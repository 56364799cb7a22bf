namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>
/// What the records of retained messages amount to: where the latest of each topic name is, by the order of the log.
/// Bridges apply to it what they wrote or read; the messages themselves stay in the log.
/// </summary>
/// <remarks>
/// Thread safe. A removed message leaves a mark until nothing older can be applied any more: writes complete in any
/// order, and an older one must not bring it back. Writes are counted in two rounds; when those of the round before have
/// all ended, marks made before the present round began are older than everything that still runs.
/// </remarks>
public sealed class RetainedTable
{
    /// <summary>Rows that one step of a search looks at, at most.</summary>
    private const int RowsAtOnce = 4096;

    private readonly Lock _gate = new();
    private readonly RetainedOptions _options;
    private readonly RetainedIndex _index = new();
    private readonly int[] _running = new int[2];
    private List<byte[]> _marks = [];
    private List<byte[]> _oldMarks = [];
    private long _followed = long.MaxValue;
    private int _round;
    private int _live;
    private int _reserved;
    private long _bytes;
    private long _reservedBytes;

    /// <summary>Makes an empty table.</summary>
    public RetainedTable(RetainedOptions options) => _options = options;

    /// <summary>Retained messages.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _live;
            }
        }
    }

    /// <summary>Bytes of their records.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Begins a write of this process; the round is to be given back by <see cref="End"/>.</summary>
    /// <param name="name">MQTT topic name.</param>
    /// <param name="size">Bytes of the record; 0 removes.</param>
    /// <exception cref="BridgeException"><see cref="BridgeError.Busy"/>: a limit is reached.</exception>
    public RetainedWrite Begin(ReadOnlySpan<byte> name, int size)
    {
        byte[] key = RetainedIndex.ToKey(name);
        lock (_gate)
        {
            bool known = _index.TryFind(key, out RetainedIndex.Position position) && !_index.EntryAt(position).IsGone;
            int more = size > 0 && !known ? 1 : 0;
            long moreBytes = size > 0 ? Math.Max(0, size - (known ? _index.EntryAt(position).Size : 0)) : 0;
            if (more > 0 && _live + _reserved >= _options.MaxMessages)
            {
                throw new BridgeException(BridgeError.Busy, $"There are already {_options.MaxMessages} retained messages.");
            }

            if (moreBytes > 0 && _bytes + _reservedBytes + moreBytes > _options.MaxBytes)
            {
                throw new BridgeException(BridgeError.Busy, $"Retained messages take at most {_options.MaxBytes} bytes.");
            }

            _reserved += more;
            _reservedBytes += moreBytes;
            _running[_round & 1]++;
            return new RetainedWrite(key, _round, more, moreBytes);
        }
    }

    /// <summary>A write of this process has ended.</summary>
    /// <param name="write">As it began.</param>
    /// <param name="entry">Where it was stored; null when it was not, or is applied by somebody else.</param>
    public void End(in RetainedWrite write, RetainedEntry? entry)
    {
        lock (_gate)
        {
            if (entry is { } stored)
            {
                Put(write.Key, stored);
            }

            _reserved -= write.Reserved;
            _reservedBytes -= write.ReservedBytes;
            _running[write.Round & 1]--;
            Forget();
        }
    }

    /// <summary>Applies a record of the log, whoever wrote it.</summary>
    public void Apply(ReadOnlySpan<byte> name, in RetainedEntry entry)
    {
        byte[] key = RetainedIndex.ToKey(name);
        lock (_gate)
        {
            Put(key, entry);
        }
    }

    /// <summary>All records before that offset have been applied. Until it is called for the first time that is not in question.</summary>
    public void Followed(long offset)
    {
        lock (_gate)
        {
            _followed = offset;
            Forget();
        }
    }

    /// <summary>Where the message is now; false when there is none.</summary>
    public bool TryFind(byte[] key, out RetainedEntry entry)
    {
        lock (_gate)
        {
            bool found = _index.TryFind(key, out RetainedIndex.Position position);
            entry = found ? _index.EntryAt(position) : default;
            return found && !entry.IsGone;
        }
    }

    /// <summary>As <see cref="IRetainedMessages.Continue"/>.</summary>
    public void Continue(RetainedSearch search, int max, DateTimeOffset now)
    {
        long time = now.ToUnixTimeMilliseconds();
        search.Found.Clear();
        while (!search.IsDone && search.Found.Count == 0)
        {
            // The gate is let go between the rows of a search that finds nothing.
            lock (_gate)
            {
                Step(search, max, time);
            }
        }
    }

    /// <summary>Removes messages that expired, and answers where they were.</summary>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="max">At most so many.</param>
    public List<RetainedReference> TakeExpired(long now, int max)
    {
        List<RetainedReference> expired = [];
        lock (_gate)
        {
            for (RetainedIndex.Position at = default; _index.IsRow(at) && expired.Count < max; at = _index.After(at))
            {
                RetainedEntry entry = _index.EntryAt(at);
                if (!entry.IsGone && entry.IsExpired(now))
                {
                    expired.Add(new RetainedReference(_index.KeyAt(at), entry));
                }
            }

            foreach (RetainedReference reference in expired)
            {
                Put(reference.Key, new RetainedEntry(reference.Entry.Offset, 0, 0), same: true);
            }

            Forget();
        }

        return expired;
    }

    private void Step(RetainedSearch search, int max, long now)
    {
        RetainedIndex.Position at = _index.Seek(search.Next);
        for (int rows = 0; rows < RowsAtOnce && search.Found.Count < max; rows++)
        {
            if (!_index.IsRow(at))
            {
                search.IsDone = true;
                return;
            }

            byte[] key = _index.KeyAt(at);
            switch (RetainedFilter.Compare(key, search.Filter, out byte[]? leap))
            {
                case RetainedFilter.Outcome.Match:
                    RetainedEntry entry = _index.EntryAt(at);
                    if (!entry.IsGone && !entry.IsExpired(now))
                    {
                        search.Found.Add(new RetainedReference(key, entry));
                    }

                    at = _index.After(at);
                    break;
                case RetainedFilter.Outcome.Next:
                    at = _index.After(at);
                    break;
                case RetainedFilter.Outcome.Leap:
                    at = _index.Seek(leap);
                    break;
                default:
                    search.IsDone = true;
                    return;
            }
        }

        search.IsDone = !_index.IsRow(at);
        search.Next = search.IsDone ? [] : _index.KeyAt(at);
    }

    private void Put(byte[] key, in RetainedEntry entry, bool same = false)
    {
        bool known = _index.TryFind(key, out RetainedIndex.Position position);
        RetainedEntry before = known ? _index.EntryAt(position) : default;
        if (known && (before.Offset > entry.Offset || (before.Offset == entry.Offset && !same)))
        {
            return;
        }

        if (!known)
        {
            _index.Add(key, entry);
        }
        else
        {
            _index.EntryAt(position) = entry;
        }

        _live += (entry.IsGone ? 0 : 1) - (before.IsGone ? 0 : 1);
        _bytes += entry.Size - before.Size;
        if (entry.IsGone)
        {
            _marks.Add(key);
        }
    }

    private void Forget()
    {
        if (_running[(_round + 1) & 1] > 0)
        {
            return;
        }

        foreach (byte[] key in _oldMarks)
        {
            if (!_index.TryFind(key, out RetainedIndex.Position position) || !_index.EntryAt(position).IsGone)
            {
                continue;
            }

            if (_index.EntryAt(position).Offset < _followed)
            {
                _index.Remove(position);
            }
            else
            {
                _marks.Add(key);
            }
        }

        _oldMarks.Clear();
        (_marks, _oldMarks) = (_oldMarks, _marks);
        _round++;
    }
}

/// <summary>A write that runs.</summary>
/// <param name="Key">Topic name in the form of keys.</param>
/// <param name="Round">When it began.</param>
/// <param name="Reserved">Messages that it may add.</param>
/// <param name="ReservedBytes">Bytes that it may add.</param>
public readonly record struct RetainedWrite(byte[] Key, int Round, int Reserved, long ReservedBytes);
