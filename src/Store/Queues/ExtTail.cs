using System.Buffers.Binary;

namespace ProtoBridgeMQ.Store.Queues;

/// <summary>Where the next unit of a queue's extension goes, and what is not written yet. Dispatcher and recovery only.</summary>
internal sealed class ExtTail
{
    private readonly List<Run> _runs = [];
    private readonly int _fileSize;
    private byte[] _bytes = new byte[64 * ExtUnit.MinimumSize];
    private int _count;

    public ExtTail(long position, int fileSize)
    {
        Position = position;
        _fileSize = fileSize;
    }

    /// <summary>Offset of the next unit.</summary>
    public long Position { get; private set; }

    public bool HasStaged => _count > 0;

    /// <summary>Keeps a unit; gives its address. When there is no room for addresses any more, the tag code itself.</summary>
    public long Stage(in ExtUnit unit)
    {
        if (unit.Size > ExtUnit.MaximumSize || Position + _fileSize > ExtAddress.MaxOffset)
            return unit.TagsCode;
        var inFile = (int)(Position % _fileSize);
        if (unit.Size > _fileSize - inFile - ExtUnit.EndBlank)
        {
            BinaryPrimitives.WriteInt16BigEndian(Take(2), ExtUnit.EndOfFile);
            Position += _fileSize - inFile - 2;
        }

        var address = ExtAddress.Of(Position);
        unit.Write(Take(unit.Size));
        return address;
    }

    /// <summary>Hands what is staged to <paramref name="write"/>, piece by piece, none over two files. May be called again after a failure.</summary>
    public void Commit(Action<long, ReadOnlyMemory<byte>> write)
    {
        foreach (var run in _runs)
            write(run.Offset, _bytes.AsMemory(run.Start, run.Length));
        _runs.Clear();
        _count = 0;
    }

    private Span<byte> Take(int size)
    {
        if (_count + size > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + size));
        if (_runs.Count > 0 && _runs[^1] is var last && last.Offset + last.Length == Position && Position % _fileSize != 0)
            _runs[^1] = last with { Length = last.Length + size };
        else
            _runs.Add(new Run(Position, _count, size));
        Position += size;
        _count += size;
        return _bytes.AsSpan(_count - size, size);
    }

    private readonly record struct Run(long Offset, int Start, int Length);
}
