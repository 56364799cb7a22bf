using System.Globalization;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>A file of a consume queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="BaseOffset">Byte of the queue at which it begins.</param>
/// <param name="Length">Bytes.</param>
public sealed record QueueFile(string Name, long BaseOffset, long Length);

/// <summary>Reads the entries of one queue from its files, a block at a time, holding none of them open.</summary>
public sealed class QueueReader
{
    private readonly StoreFiles _store;
    private readonly string _directory;
    private byte[] _block = [];
    private long _blockAt = -1;
    private int _blockCount;
    private List<QueueFile>? _files;

    internal QueueReader(StoreFiles store, string topic, int queueId)
    {
        _store = store;
        Topic = topic;
        QueueId = queueId;
        _directory = Path.Combine("consumequeue", IsName(topic) ? topic : "?", queueId.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Topic.</summary>
    public string Topic { get; }

    /// <summary>Queue in the topic.</summary>
    public int QueueId { get; }

    /// <summary>Its files, ascending.</summary>
    public IReadOnlyList<QueueFile> Files => _files ??= List();

    /// <summary>Offset of the first entry of the first file.</summary>
    public long First => Files.Count == 0 ? 0 : Files[0].BaseOffset / QueueEntry.EncodedSize;

    /// <summary>Offset after the last entry of the last file, written or not.</summary>
    public long Limit => Files.Count == 0 ? 0 : (Files[^1].BaseOffset + Files[^1].Length) / QueueEntry.EncodedSize;

    /// <summary>How many entries are read at a time.</summary>
    internal int BlockEntries { get; set; } = 512;

    /// <summary>Reads the entry at an offset; false where there is none (no file, or nothing was written).</summary>
    public bool TryRead(long offset, out QueueEntry entry)
    {
        entry = default;
        if (offset < 0 || offset > long.MaxValue / QueueEntry.EncodedSize)
            return false;
        if ((offset < _blockAt || offset >= _blockAt + _blockCount || _blockAt < 0) && !Load(offset))
            return false;
        entry = QueueEntry.Read(_block.AsSpan((int)(offset - _blockAt) * QueueEntry.EncodedSize));
        return entry.Size > 0;
    }

    /// <summary>Offset after the last entry: the first one from <paramref name="from"/> on that was not written.</summary>
    public long FindEnd(long from)
    {
        var low = Math.Max(from, First);
        var high = Math.Max(low, Limit);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (TryRead(middle, out _))
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Offset of the first entry whose record is in the log still.</summary>
    public long FindStart(long end)
    {
        var low = First;
        while (low < end && TryRead(low, out var head) && head.IsFiller)
            low++;
        var high = Math.Max(low, end);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (TryRead(middle, out var entry) && !entry.IsFiller && entry.PhysicalOffset < _store.LogStart)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The file and the byte in it where an entry is, for people.</summary>
    public (string File, long Position) Locate(long offset)
    {
        var at = offset * QueueEntry.EncodedSize;
        return FileAt(at) is { } file
            ? (Path.Combine(_directory, file.Name), at - file.BaseOffset)
            : (_directory, at);
    }

    /// <summary>Looks at the directory again: a running broker makes files.</summary>
    internal void Refresh()
    {
        _files = null;
        _blockAt = -1;
    }

    /// <summary>A topic comes from a record, which may say anything.</summary>
    private static bool IsName(string topic) =>
        topic.Length > 0 && topic is not ("." or "..") && topic.AsSpan().IndexOfAny('/', '\\', '\0') < 0;

    private bool Load(long offset)
    {
        var at = offset * QueueEntry.EncodedSize;
        if (FileAt(at) is not { } file)
            return false;
        if (_block.Length == 0)
            _block = new byte[BlockEntries * QueueEntry.EncodedSize];
        _blockAt = -1;
        try
        {
            using var content = _store.Files.OpenRead(Path.Combine(_store.Directory, _directory, file.Name));
            _blockCount = content.Read(_block, at - file.BaseOffset) / QueueEntry.EncodedSize;
        }
        catch (FileNotFoundException)
        {
            // Deleted by a running broker in the meantime.
            return false;
        }

        // A file that is too long must not reach into the next one.
        if (NextBase(file) is { } next)
            _blockCount = (int)Math.Min(_blockCount, (next - at) / QueueEntry.EncodedSize);
        _blockAt = offset;
        return _blockCount > 0;
    }

    private long? NextBase(QueueFile file)
    {
        var index = ((List<QueueFile>)Files).IndexOf(file) + 1;
        return index < Files.Count ? Files[index].BaseOffset : null;
    }

    private QueueFile? FileAt(long position)
    {
        for (var i = Files.Count - 1; i >= 0; i--)
        {
            if (position >= Files[i].BaseOffset)
                return position < Files[i].BaseOffset + Files[i].Length ? Files[i] : null;
        }

        return null;
    }

    private List<QueueFile> List()
    {
        var found = new List<QueueFile>();
        foreach (var entry in _store.Files.List(_store.PathOf(_directory)))
        {
            if (!entry.IsDirectory && LogFileName.TryParse(entry.Name, out var baseOffset))
                found.Add(new QueueFile(entry.Name, baseOffset, entry.Length));
        }

        found.Sort(static (left, right) => left.BaseOffset.CompareTo(right.BaseOffset));
        return found;
    }
}
