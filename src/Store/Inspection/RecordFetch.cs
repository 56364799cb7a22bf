using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>Reads single records of the commit log by their physical offsets, best in ascending order.</summary>
internal sealed class RecordFetch : IDisposable
{
    private const int MaxRecord = (64 << 20) + (1 << 18);

    private readonly StoreFiles _store;
    private FileWindow? _window;
    private LogFile? _segment;

    public RecordFetch(StoreFiles store) => _store = store;

    /// <summary>The record at an offset; false when there is no whole record that names this offset.</summary>
    public bool TryRead(long offset, out MessageRecord record)
    {
        record = default;
        if (!TryHold(offset))
            return false;
        var at = offset - _segment!.BaseOffset;
        var head = _window!.At(at, 4);
        var size = head.Length < 4 ? 0 : BinaryPrimitives.ReadInt32BigEndian(head);
        return size is > 0 and <= MaxRecord
            && at + size <= _segment.Length
            && MessageRecord.TryRead(_window.At(at, size), out record) == RecordError.None
            && record.PhysicalOffset == offset;
    }

    public void Dispose() => _window?.Dispose();

    private bool TryHold(long offset)
    {
        if (_segment is not null && offset >= _segment.BaseOffset && offset < _segment.BaseOffset + _segment.Length)
            return true;
        Dispose();
        _window = null;
        _segment = _store.SegmentOf(offset);
        if (_segment is null || !_store.TryOpen(_segment, out var file))
        {
            _segment = null;
            return false;
        }

        _window = new FileWindow(file);
        return true;
    }
}
