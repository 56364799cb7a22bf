using System.Buffers.Binary;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>Looks into an index file before it is trusted: reads single values at positions, maps nothing.</summary>
internal sealed class IndexProbe : IDisposable
{
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly IRandomFile _file;

    public IndexProbe(IFileSystem files, string path)
    {
        _file = files.Open(path);
        Length = _file.Length;
        Span<byte> bytes = stackalloc byte[IndexHeader.Size];
        HasHeader = _file.Read(bytes, 0) == bytes.Length;
        Header = HasHeader ? IndexHeader.Read(bytes) : default;
    }

    public long Length { get; }

    public bool HasHeader { get; }

    public IndexHeader Header { get; }

    /// <summary>Whether the file has this layout: its first and last entries are those that the head names, the last one's slot knows it.</summary>
    public bool Fits(IndexLayout layout)
    {
        if (!HasHeader || Header.IsEmpty || Header.Count > layout.Entries || Header.BeginOffset < 0 || Header.EndOffset < Header.BeginOffset)
            return false;
        if (!IsTime(Header.BeginTimestamp) || !IsTime(Header.EndTimestamp))
            return false;
        if (Length != layout.FileSize || Header.UsedSlots < 0 || Header.UsedSlots >= Header.Count)
            return false;
        return TryEntry(layout, 1, out var first)
            && first.Offset == Header.BeginOffset && first.Hash >= 0
            && TryEntry(layout, Header.Count - 1, out var last)
            && last.Offset == Header.EndOffset && last.Hash >= 0
            && SlotOf(layout, last.Hash) >= Header.Count - 1;
    }

    public void Dispose() => _file.Dispose();

    private static bool IsTime(long timestamp) => timestamp >= 0 && timestamp <= LatestTime;

    private bool TryEntry(IndexLayout layout, int index, out IndexEntry entry)
    {
        Span<byte> bytes = stackalloc byte[IndexEntry.EncodedSize];
        var isThere = _file.Read(bytes, layout.EntryAt(index)) == bytes.Length;
        entry = isThere ? IndexEntry.Read(bytes) : default;
        return isThere;
    }

    private int SlotOf(IndexLayout layout, int hash)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.SlotSize];
        return _file.Read(bytes, layout.SlotAt(hash)) == bytes.Length ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;
    }
}
