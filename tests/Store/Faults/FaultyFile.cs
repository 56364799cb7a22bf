namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// A file: what readers see (the page cache) and what the disk has. In between are changes of its length, which are kept
/// in their order, and pages, of which a power cut keeps any, whole or by sectors.
/// What is behind the range of a flush in its last page is not written by it: another thread may be writing there, and
/// chance decides at the power cut what the disk has of it. A device that reads memory meanwhile is a <see cref="TornFlush"/>.
/// </summary>
internal sealed class FaultyFile
{
    private const int PageSize = FaultyFileSystem.PageSize;
    private const int SectorSize = 512;

    private readonly List<int> _lengths = [];
    private readonly Dictionary<int, byte[]> _abandoned = [];
    private readonly HashSet<int> _allocated = [];
    private byte[] _cached = [];
    private byte[] _disk = [];
    private int _mappings;

    /// <summary>Pages that the disk refused.</summary>
    public ToldErrors Errors { get; } = new();

    public long Length => _cached.Length;

    public byte[] Cached => _cached;

    /// <summary>Bytes of the pages that have blocks on the disk; the others are holes.</summary>
    public long Allocated => (long)_allocated.Count * PageSize;

    /// <summary>Bytes of new blocks that a write takes.</summary>
    public long NeededFor(long offset, long length)
    {
        long pages = 0;
        for (var page = (int)(offset / PageSize); (long)page * PageSize < offset + length; page++)
            pages += _allocated.Contains(page) ? 0 : 1;
        return pages * PageSize;
    }

    public byte[] Content() => [.. _cached];

    public void Resize(long length)
    {
        if (length == _cached.Length)
            return;
        if (_mappings > 0)
            throw new InvalidOperationException("A mapped file must keep its length: where it was cut, a process dies of SIGBUS.");
        if (length < _cached.Length)
        {
            var gone = (int)((length + PageSize - 1) / PageSize);
            _allocated.RemoveWhere(page => page >= gone);
            foreach (var page in _abandoned.Keys.Where(page => page >= length / PageSize).ToList())
                _abandoned.Remove(page);
        }

        Array.Resize(ref _cached, (int)length);
        _lengths.Add((int)length);
    }

    public void Allocate(long offset, long length)
    {
        for (var page = (int)(offset / PageSize); (long)page * PageSize < offset + length; page++)
            _allocated.Add(page);
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty)
            return;
        if (offset + bytes.Length > _cached.Length)
            Resize(offset + bytes.Length);
        bytes.CopyTo(_cached.AsSpan((int)offset));
        Touch((int)offset, bytes.Length);
        Allocate(offset, bytes.Length);
    }

    /// <summary>Pages are dirty, whatever the kernel thought of them.</summary>
    public void Touch(int offset, int length)
    {
        if (_abandoned.Count == 0)
            return;
        for (var page = offset / PageSize; page * PageSize < offset + length; page++)
            _abandoned.Remove(page);
    }

    public void Flush(int offset, int length, TornFlush? torn = null)
    {
        CommitLengths(_lengths.Count);
        foreach (var (page, at, size) in Pages(offset, length))
        {
            if (IsAbandoned(page, at, size))
                continue;
            _abandoned.Remove(page);
            if (torn?.StopsBetween(at, at + size) == true)
                Tear(at, size, torn);
            else
                Copy(at, Math.Min(size, offset + length - at));
        }
    }

    public void FlushAll() => Flush(0, _cached.Length);

    /// <summary>
    /// A flush fails: some pages reached the disk, and some changes of the length; the kernel drops the other pages' dirty
    /// marks, and the next flush will not write them. Whether there were any.
    /// </summary>
    public bool FailFlush(int offset, int length, Random random)
    {
        var failed = false;
        CommitLengths(random.Next(_lengths.Count + 1));
        var visible = Visible();
        foreach (var (page, at, size) in Pages(offset, length))
        {
            if (at + size > visible)
            {
                failed = true;
                _abandoned[page] = _cached.AsSpan(at, size).ToArray();
                continue;
            }

            if (!IsDirty(at, size) || IsAbandoned(page, at, size))
                continue;
            _abandoned.Remove(page);
            if (random.Next(2) == 0)
                KeepSome(at, Math.Min(size, offset + length - at), random);
            if (!IsDirty(at, size))
                continue;
            failed = true;
            _abandoned[page] = _cached.AsSpan(at, size).ToArray();
        }

        if (failed)
            Errors.Add();
        return failed;
    }

    /// <summary>The kernel writes dirty pages back on its own: any, in any order.</summary>
    public void WriteBack(Random random)
    {
        if (random.Next(2) == 0)
            CommitLengths(random.Next(_lengths.Count + 1));
        KeepPages(random, Visible());
    }

    /// <summary>The kernel writes dirty pages back, and the disk refuses some of them; whether there was one.</summary>
    public bool FailWriteBack(Random random)
    {
        var failed = false;
        foreach (var (page, at, size) in Pages(0, Visible()))
        {
            if (random.Next(2) == 0 || at + size > _disk.Length || !IsDirty(at, size) || IsAbandoned(page, at, size))
                continue;
            _abandoned[page] = _cached.AsSpan(at, size).ToArray();
            failed = true;
        }

        if (failed)
            Errors.Add();
        return failed;
    }

    /// <summary>A disk that owes what it confirmed pays some of it.</summary>
    public void LosePages(Random random)
    {
        CommitLengths(random.Next(_lengths.Count + 1));
        KeepPages(random, Visible());
        _cached = [.. _disk];
        _lengths.Clear();
        _abandoned.Clear();
        _mappings = 0;
        Errors.Forget();
    }

    /// <summary>Somewhere where it has no blocks there is something.</summary>
    public bool HasPagesWithoutBlocks
    {
        get
        {
            foreach (var (page, at, size) in Pages(0, _cached.Length))
            {
                if (!_allocated.Contains(page) && _cached.AsSpan(at, size).ContainsAnyExcept((byte)0))
                    return true;
            }

            return false;
        }
    }

    public void Flip(long position, int bit)
    {
        Allocate(position, 1);
        _cached[position] ^= (byte)(1 << bit);
        if (position < _disk.Length)
            _disk[position] = _cached[position];
    }

    /// <summary>
    /// Gives later openers bytes that the dead process cannot write to any more. Clean pages may have been forgotten before:
    /// those that the disk refused are then what it has; whether there was one.
    /// </summary>
    public bool Detach(Random random)
    {
        _cached = [.. _cached];
        _mappings = 0;
        var forgot = false;
        foreach (var (page, at, size) in Pages(0, _cached.Length).Where(page => _abandoned.ContainsKey(page.Page)).ToList())
        {
            if (!IsAbandoned(page, at, size) || random.Next(2) == 0)
                continue;
            _cached.AsSpan(at, size).Clear();
            if (at < _disk.Length)
                _disk.AsSpan(at, Math.Min(size, _disk.Length - at)).CopyTo(_cached.AsSpan(at));
            _abandoned.Remove(page);
            forgot = true;
        }

        return forgot;
    }

    public void Mapped() => _mappings++;

    public void Unmapped() => _mappings--;

    /// <summary>How far pages of the cache have a place on the disk: an extension or a cut that the disk does not know hides what is behind it.</summary>
    private int Visible() => Math.Min(_disk.Length, Math.Min(_cached.Length, _lengths.Count == 0 ? int.MaxValue : _lengths.Min()));

    private void Copy(int at, int size) => _cached.AsSpan(at, size).CopyTo(_disk.AsSpan(at));

    private void Tear(int at, int size, TornFlush torn)
    {
        var first = torn.Position - at;
        Copy(at, first);
        torn.Stop();
        Copy(at + first, size - first);
    }

    private void CommitLengths(int count)
    {
        for (var i = 0; i < count; i++)
            Array.Resize(ref _disk, _lengths[i]);
        _lengths.RemoveRange(0, count);
    }

    private void KeepPages(Random random, int limit)
    {
        foreach (var (page, at, size) in Pages(0, limit))
        {
            var visible = Math.Min(size, limit - at);
            if (IsDirty(at, visible) && !IsAbandoned(page, at, size))
                KeepSome(at, visible, random);
        }
    }

    /// <summary>All of a page reaches the disk, or nothing, or the first sectors, or any.</summary>
    private void KeepSome(int at, int size, Random random)
    {
        var mode = random.Next(4);
        var first = random.Next(PageSize / SectorSize);
        for (var sector = 0; sector * SectorSize < size; sector++)
        {
            var isKept = mode switch
            {
                0 => false,
                1 => true,
                2 => sector < first,
                _ => random.Next(2) == 0,
            };
            var from = at + (sector * SectorSize);
            var length = Math.Min(SectorSize, at + size - from);
            if (isKept)
                _cached.AsSpan(from, length).CopyTo(_disk.AsSpan(from));
        }
    }

    private bool IsDirty(int at, int size) => !_cached.AsSpan(at, size).SequenceEqual(_disk.AsSpan(at, size));

    private bool IsAbandoned(int page, int at, int size) =>
        _abandoned.Count > 0 && _abandoned.TryGetValue(page, out var then) && _cached.AsSpan(at, size).SequenceEqual(then);

    private IEnumerable<(int Page, int At, int Size)> Pages(int offset, int length)
    {
        var end = Math.Min(_cached.Length, offset + length);
        for (var page = offset / PageSize; page * PageSize < end; page++)
            yield return (page, page * PageSize, Math.Min(PageSize, _cached.Length - (page * PageSize)));
    }
}
