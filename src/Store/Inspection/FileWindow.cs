using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>Reads a file front to back through one buffer.</summary>
internal sealed class FileWindow : IDisposable
{
    private const int Size = 1 << 20;

    private readonly IRandomFile _file;
    private byte[] _buffer = new byte[Size];
    private long _start;
    private int _count;

    public FileWindow(IRandomFile file) => _file = file;

    public long Length => _file.Length;

    /// <summary>Bytes at an offset: as many as wanted, fewer at the end of the file. Valid until the next call.</summary>
    public ReadOnlySpan<byte> At(long offset, int wanted)
    {
        if (offset < _start || offset + wanted > _start + _count)
            Fill(offset, wanted);
        var at = (int)(offset - _start);
        return _buffer.AsSpan(at, Math.Min(wanted, _count - at));
    }

    /// <summary>All that is in the buffer from an offset on; empty at the end of the file.</summary>
    public ReadOnlySpan<byte> Rest(long offset)
    {
        if (offset < _start || offset >= _start + _count)
            Fill(offset, Size);
        return _buffer.AsSpan((int)(offset - _start), _count - (int)(offset - _start));
    }

    public void Dispose() => _file.Dispose();

    private void Fill(long offset, int wanted)
    {
        if (wanted > _buffer.Length)
            _buffer = new byte[wanted];
        _start = offset;
        _count = _file.Read(_buffer, offset);
    }
}
