namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>
/// Entries by topic name, ordered level by level. Rows lie in chunks of arrays: 32 bytes each, the name's array, and the
/// room that half-full chunks waste.
/// <code>
///   key: the topic name in UTF-8 with U+0000 for '/', which no name has: so a level's end comes before all other bytes
/// </code>
/// </summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class RetainedIndex
{
    public const byte Separator = 0;
    private const int ChunkSize = 256;

    private readonly List<Chunk> _chunks = [];

    /// <summary>Rows, those of removed messages included.</summary>
    public int Count { get; private set; }

    /// <summary>A topic name or filter in the form of keys.</summary>
    public static byte[] ToKey(ReadOnlySpan<byte> name)
    {
        byte[] key = name.ToArray();
        key.AsSpan().Replace((byte)'/', Separator);
        return key;
    }

    /// <summary>The first row at or behind a key.</summary>
    public Position Seek(ReadOnlySpan<byte> key)
    {
        int chunk = FindChunk(key);
        if (chunk < 0)
        {
            return default;
        }

        int row = _chunks[chunk].Find(key);
        return Normal(chunk, row);
    }

    /// <summary>Whether the position is a row.</summary>
    public bool IsRow(Position position) => position.Chunk < _chunks.Count;

    /// <summary>The position behind.</summary>
    public Position After(Position position) => Normal(position.Chunk, position.Row + 1);

    public byte[] KeyAt(Position position) => _chunks[position.Chunk].Rows[position.Row].Key;

    public ref RetainedEntry EntryAt(Position position) => ref _chunks[position.Chunk].Rows[position.Row].Entry;

    /// <summary>Finds the row of a key.</summary>
    public bool TryFind(ReadOnlySpan<byte> key, out Position position)
    {
        position = Seek(key);
        return IsRow(position) && KeyAt(position).AsSpan().SequenceEqual(key);
    }

    /// <summary>Adds a row; there is none of that key.</summary>
    public void Add(byte[] key, in RetainedEntry entry)
    {
        int index = Math.Max(0, FindChunk(key));
        if (_chunks.Count == 0)
        {
            _chunks.Add(new Chunk());
        }

        Chunk chunk = _chunks[index];
        int row = chunk.Find(key);
        if (chunk.Count == ChunkSize)
        {
            // Names that come in their order fill chunks; others halve them.
            int kept = index == _chunks.Count - 1 && row == ChunkSize ? ChunkSize : ChunkSize / 2;
            _chunks.Insert(index + 1, chunk.SplitAt(kept));
            if (row >= kept)
            {
                row -= kept;
                chunk = _chunks[index + 1];
            }
        }

        chunk.Insert(row, new Row { Key = key, Entry = entry });
        Count++;
    }

    /// <summary>Removes a row.</summary>
    public void Remove(Position position)
    {
        Chunk chunk = _chunks[position.Chunk];
        chunk.Remove(position.Row);
        if (chunk.Count == 0)
        {
            _chunks.RemoveAt(position.Chunk);
        }

        Count--;
    }

    /// <summary>The chunk that has the key, or would; -1 when there is none.</summary>
    private int FindChunk(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _chunks.Count - 1;
        int found = _chunks.Count > 0 ? 0 : -1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (_chunks[middle].Rows[0].Key.AsSpan().SequenceCompareTo(key) <= 0)
            {
                found = middle;
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return found;
    }

    private Position Normal(int chunk, int row) => row < _chunks[chunk].Count ? new Position(chunk, row) : new Position(chunk + 1, 0);

    /// <summary>A place in the order; valid until the next change.</summary>
    public readonly record struct Position(int Chunk, int Row);

    private struct Row
    {
        public byte[] Key;
        public RetainedEntry Entry;
    }

    private sealed class Chunk
    {
        public Row[] Rows { get; } = new Row[ChunkSize];

        public int Count { get; private set; }

        public int Find(ReadOnlySpan<byte> key)
        {
            int low = 0;
            int high = Count - 1;
            while (low <= high)
            {
                int middle = (low + high) / 2;
                int order = Rows[middle].Key.AsSpan().SequenceCompareTo(key);
                if (order == 0)
                {
                    return middle;
                }

                if (order < 0)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle - 1;
                }
            }

            return low;
        }

        public void Insert(int index, in Row row)
        {
            Array.Copy(Rows, index, Rows, index + 1, Count - index);
            Rows[index] = row;
            Count++;
        }

        public void Remove(int index)
        {
            Count--;
            Array.Copy(Rows, index + 1, Rows, index, Count - index);
            Rows[Count] = default;
        }

        public Chunk SplitAt(int index)
        {
            var behind = new Chunk { Count = Count - index };
            Array.Copy(Rows, index, behind.Rows, 0, behind.Count);
            Array.Clear(Rows, index, behind.Count);
            Count = index;
            return behind;
        }
    }
}
