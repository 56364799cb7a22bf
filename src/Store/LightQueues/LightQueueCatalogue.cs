using System.Buffers.Binary;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// The names of the light queues: the file <c>lightqueues/catalogue</c>, a log of <see cref="CatalogueRecord"/>. Those
/// who make a queue wait until its record is on the disk; one flush does for all who wait. Thread-safe.
/// <code>
///   0  "PBMQLC" 6 | 1 2 | generation 4 | highest incarnation of queues that are not in the file any more 4 | records
/// </code>
/// </summary>
internal sealed class LightQueueCatalogue : IDisposable
{
    /// <summary>Bytes before the first record.</summary>
    public const int HeadSize = 16;

    private const int BufferSize = 1 << 16;
    private const int LeastDeadBytes = 1 << 20;
    private const int ReadSize = 1 << 20;
    private const int UsualSize = 256;

    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly Lock _lock = new();
    private readonly Lock _flushLock = new();
    private IRandomFile? _file;
    private byte[] _buffer = new byte[BufferSize];
    private int _buffered;
    private long _written = HeadSize;
    private long _flushed = HeadSize;
    private bool _isBegun = true;
    private bool _wasRefused;

    public LightQueueCatalogue(IFileSystem files, string directory)
    {
        _files = files;
        _path = Path.Combine(directory, "catalogue");
    }

    /// <summary>What <see cref="Load"/> tells of each record that counts.</summary>
    public delegate void RecordFound(in CatalogueRecord record, long position);

    /// <summary>Changes when the file is written anew without what is gone.</summary>
    public int Generation { get; private set; }

    /// <summary>Incarnations up to this one were given to queues that are gone.</summary>
    public int Incarnation { get; private set; }

    /// <summary>End of the records, with those that are not written yet.</summary>
    public long Length
    {
        get
        {
            lock (_lock)
                return _written + _buffered;
        }
    }

    /// <summary>Much was added: a <see cref="Write"/> is due.</summary>
    public bool IsBufferFull => Volatile.Read(ref _buffered) > BufferSize / 2;

    public bool IsFlushed => Volatile.Read(ref _flushed) == Length;

    public bool Exists => _files.FileExists(_path);

    /// <summary>
    /// Reads the records up to the first that is not whole. A power cut leaves such a one at the end: nobody was told that
    /// it exists.
    /// </summary>
    public void Load(RecordFound found)
    {
        Open();
        Span<byte> head = stackalloc byte[HeadSize];
        if (_file!.Read(head, 0) < HeadSize || !head.StartsWith("PBMQLC"u8))
            throw new StoreUnusableException($"'{_path}' is not a catalogue of light queues. Restore it from a copy, or move its directory away to begin without light queues.");
        Generation = BinaryPrimitives.ReadInt32BigEndian(head[8..]);
        Incarnation = BinaryPrimitives.ReadInt32BigEndian(head[12..]);
        _written = _file.Length;
        _written = Scan(found);
        _flushed = 0;
    }

    /// <summary>
    /// Begins anew when the head never reached the disk: the flush that would have said that a queue exists failed, or the
    /// power went before it. For a catalogue that no head of a queue knows of, before <see cref="Load"/>.
    /// </summary>
    public void BeginAnewWhenUnmade()
    {
        Open();
        Span<byte> head = stackalloc byte[HeadSize];
        if (_file!.Read(head, 0) < HeadSize || head.ContainsAnyExcept((byte)0))
            return;
        _file.SetLength(0);
        _file.Dispose();
        _file = null;
        Open();
    }

    /// <summary>Goes through the records in their order; gives the end of the last one.</summary>
    public long Scan(RecordFound found)
    {
        var position = (long)HeadSize;
        var buffer = new byte[ReadSize];
        while (true)
        {
            var read = _file!.Read(buffer, position);
            var at = 0;
            while (CatalogueRecord.TryRead(buffer.AsSpan(at, read - at), out var record))
            {
                found(record, position + at);
                at += record.Size;
            }

            if (at == 0)
                break;
            position += at;
        }

        return position;
    }

    /// <summary>
    /// Writes again what is there from a position on, behind which the last run may have been refused a flush: a kernel that was
    /// takes its pages for clean ones, and no flush would write them. After <see cref="Load"/>.
    /// </summary>
    public void Rewrite(long from)
    {
        var buffer = new byte[(int)Math.Min(ReadSize, _written)];
        for (var at = Math.Min(from, _written); at < _written;)
        {
            var read = _file!.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, _written - at)), at);
            if (read == 0)
                break;
            _file.Write(buffer.AsSpan(0, read), at);
            at += read;
        }
    }

    /// <summary>Cuts off what is behind the last whole record.</summary>
    public void CutTail()
    {
        if (_file!.Length > _written)
            _file.SetLength(_written);
    }

    /// <summary>
    /// Writes the file anew when most of it is of queues that are gone; true when it did, and is to be loaded again. At
    /// start alone.
    /// </summary>
    public bool Compact(long liveBytes, int incarnation, IEnumerable<CatalogueRecordCopy> live)
    {
        if (_written - liveBytes < Math.Max(LeastDeadBytes, liveBytes))
            return false;
        var path = _path + ".tmp";
        using (var file = _files.Open(path))
        {
            file.SetLength(0);
            WriteHead(file, Generation + 1, incarnation);
            var at = (long)HeadSize;
            var bytes = new byte[CatalogueRecord.HeadSize + CatalogueRecord.MaxName + 8];
            foreach (var copy in live)
            {
                var record = copy.Record;
                record.Write(bytes);
                file.Write(bytes.AsSpan(0, record.Size), at);
                at += record.Size;
            }

            file.Flush();
        }

        _file!.Dispose();
        _files.Rename(path, _path);
        _files.SyncDirectory(Path.GetDirectoryName(_path)!);
        _file = _files.Open(_path);
        return true;
    }

    /// <summary>Adds a record in memory; gives its position. <see cref="FlushTo"/> or <see cref="Write"/> follows.</summary>
    public long Append(in CatalogueRecord record)
    {
        lock (_lock)
        {
            if (_buffered + record.Size > _buffer.Length)
                Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _buffered + record.Size));
            record.Write(_buffer.AsSpan(_buffered));
            _buffered += record.Size;
            return _written + _buffered - record.Size;
        }
    }

    /// <summary>Reads the record at a position.</summary>
    public bool TryRead(long position, Span<byte> scratch, out CatalogueRecord record)
    {
        lock (_lock)
        {
            if (position >= _written)
                return CatalogueRecord.TryRead(_buffer.AsSpan((int)(position - _written), (int)(_written + _buffered - position)), out record);
        }

        // Nearly all names are short; a long one is read once more.
        var read = _file!.Read(scratch[..Math.Min(UsualSize, scratch.Length)], position);
        if (CatalogueRecord.TryRead(scratch[..read], out record))
            return true;
        read = _file.Read(scratch, position);
        return CatalogueRecord.TryRead(scratch[..read], out record);
    }

    /// <summary>Writes what was added. After a failure it may be called again.</summary>
    public void Write()
    {
        lock (_lock)
        {
            if (_buffered == 0)
                return;
            Open();
            _file!.Write(_buffer.AsSpan(0, _buffered), _written);
            _written += _buffered;
            _buffered = 0;
            if (_buffer.Length > BufferSize)
                _buffer = new byte[BufferSize];
        }
    }

    /// <summary>
    /// Makes all records before a position durable; those who come while another flushes share the next one. After a refusal
    /// never again: the kernel takes what it could not write for clean. A start writes it again.
    /// </summary>
    /// <exception cref="IOException">The disk refused it, now or before.</exception>
    public void FlushTo(long end)
    {
        lock (_flushLock)
        {
            if (_flushed >= end)
                return;
            if (_wasRefused)
                throw new IOException("The disk refused the catalogue of light queues before. Start again.");
            Write();
            var written = Volatile.Read(ref _written);
            _wasRefused = true;
            _file!.Flush();
            _wasRefused = false;
            Volatile.Write(ref _flushed, written);
        }
    }

    /// <summary>Makes all records durable that were added before the call.</summary>
    public void Flush() => FlushTo(Length);

    public void Dispose() => _file?.Dispose();

    private void Open()
    {
        if (_file is not null)
            return;
        var directory = Path.GetDirectoryName(_path)!;
        DurableDirectory.Create(_files, directory);
        var file = _files.Open(_path);
        try
        {
            if (_isBegun && file.Length >= HeadSize)
            {
                _file = file;
                return;
            }

            // Until this has worked once, a head that can be read need not be on the disk.
            _isBegun = false;
            WriteHead(file, Generation = 1, 0);
            file.Flush();
            _files.SyncDirectory(directory);
            _isBegun = true;
            _file = file;
        }
        finally
        {
            if (_file is null)
                file.Dispose();
        }
    }

    private static void WriteHead(IRandomFile file, int generation, int incarnation)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        "PBMQLC"u8.CopyTo(head);
        head[7] = 1;
        BinaryPrimitives.WriteInt32BigEndian(head[8..], generation);
        BinaryPrimitives.WriteInt32BigEndian(head[12..], incarnation);
        file.Write(head, 0);
    }
}

/// <summary>A record that outlives the span it was read from.</summary>
internal sealed record CatalogueRecordCopy(LightQueueId Queue, long Start, long FirstOffset, byte[] Name)
{
    public CatalogueRecord Record => new() { Queue = Queue, Start = Start, FirstOffset = FirstOffset, Name = Name };
}
