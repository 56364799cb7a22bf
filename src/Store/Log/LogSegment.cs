using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Log;

/// <summary>
/// One file of the commit log. Mapped on first use, unmapped when its owner and every reader have let it go.
/// </summary>
internal sealed unsafe class LogSegment
{
    private const int CacheLine = 64;

    /// <summary>Behind that the processor has seen where it goes.</summary>
    private const int MostFetched = 4096;

    private readonly IFileSystem _files;
    private readonly Lock _mapLock = new();
    private IMappedFile? _mapped;
    private IRandomFile? _file;
    private Memory<byte> _memory;

    /// <summary>Where the memory is, written behind it: who sees this sees that. 0 without a place that it keeps.</summary>
    private nint _start;
    private int _references = 1;
    private bool _closed;

    public LogSegment(IFileSystem files, string directory, long baseOffset, int size)
    {
        _files = files;
        BaseOffset = baseOffset;
        Size = size;
        Path = System.IO.Path.Combine(directory, LogFileName.Of(baseOffset));
    }

    public long BaseOffset { get; }

    public int Size { get; }

    public long EndOffset => BaseOffset + Size;

    public string Path { get; }

    /// <summary>The bytes. The caller holds a reference, or is the owner.</summary>
    public Memory<byte> Memory
    {
        get
        {
            if (Volatile.Read(ref _mapped) is null)
                Map();
            return _memory;
        }
    }

    /// <summary>
    /// Maps it, and has it open for <see cref="Write"/> where that is wanted: who needs it later has no way to say that it
    /// could not be.
    /// </summary>
    public void Open(bool forWrites)
    {
        _ = Memory;
        if (forWrites)
            _ = File();
    }

    /// <summary>Takes a reference; false when the segment is gone.</summary>
    public bool TryAcquire()
    {
        while (true)
        {
            var references = Volatile.Read(ref _references);
            if (references == 0)
                return false;
            if (Interlocked.CompareExchange(ref _references, references + 1, references) == references)
                return true;
        }
    }

    /// <summary>Gives a reference back; the last one unmaps.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        lock (_mapLock)
        {
            _closed = true;
            _mapped?.Dispose();
            _mapped = null;
            _memory = default;
            _start = 0;
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>A range will be written soon. The caller holds a reference.</summary>
    public void Prepare(int offset, int length)
    {
        if (Volatile.Read(ref _mapped) is { } mapped)
            mapped.Prepare(offset, length);
    }

    /// <summary>
    /// The first bytes of a record are brought from memory into the processor's cache meanwhile. A hint, for what
    /// <see cref="See"/> gave.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WillRead(byte* start, long offset, int size)
    {
        var at = offset - BaseOffset;
        if (!Sse.IsSupported || start is null || (ulong)at >= (ulong)Size)
            return;
        var end = start + at + Math.Min(size, MostFetched);
        for (var line = (byte*)((nint)(start + at) & -CacheLine); line < end; line += CacheLine)
            Sse.Prefetch0(line);
    }

    /// <summary>
    /// Where the file is in memory, and how many of its bytes are before an offset of the log; 0 when it is not mapped at a
    /// place that it keeps. The caller holds a reference.
    /// </summary>
    public byte* See(long before, out int length)
    {
        if (Volatile.Read(ref _mapped) is null)
            Map();
        var start = (byte*)_start;
        length = start is null ? 0 : (int)Math.Clamp(before - BaseOffset, 0, Size);
        return start;
    }

    /// <summary>Makes a range durable.</summary>
    public void Flush(int offset, int length)
    {
        if (Volatile.Read(ref _mapped) is null)
            Map();
        _mapped!.Flush(offset, length);
    }

    /// <summary>Has the next flush write a range whether or not the kernel believes that the disk has it.</summary>
    public void Rewrite(int offset, int length)
    {
        if (Volatile.Read(ref _mapped) is null)
            Map();
        _mapped!.Rewrite(offset, length);
    }

    /// <summary>Writes bytes; <see cref="Sync"/> makes them durable. Readers of <see cref="Memory"/> see them. The flusher only.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes) => File().Write(bytes, offset - BaseOffset);

    /// <summary>Makes what was written by <see cref="Write"/> durable. The flusher only.</summary>
    public void Sync() => File().Flush();

    private IRandomFile File()
    {
        if (_file is { } open)
            return open;
        lock (_mapLock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return _file ??= _files.Open(Path);
        }
    }

    private void Map()
    {
        lock (_mapLock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_mapped is not null)
                return;
            var mapped = _files.Map(Path, Size);
            _memory = mapped.Memory;
            Volatile.Write(ref _start, (nint)mapped.Start);
            Volatile.Write(ref _mapped, mapped);
        }
    }
}

/// <summary>Names of commit log and consume queue files: the offset of their first byte in 20 digits.</summary>
internal static class LogFileName
{
    public const int Digits = 20;

    public static string Of(long offset) => offset.ToString("D20", System.Globalization.CultureInfo.InvariantCulture);

    public static bool TryParse(string name, out long offset)
    {
        offset = 0;
        return name.Length == Digits
            && !name.AsSpan().ContainsAnyExceptInRange('0', '9')
            && long.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out offset);
    }
}
