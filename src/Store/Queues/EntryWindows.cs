namespace ProtoBridgeMQ.Store.Queues;

/// <summary>
/// What of the queue files was read ahead for those who read on: a pull asks for 32 entries, and a call of the system for
/// them costs as much as eight times as many. A fixed number of windows, each of one queue at a time; who finds its window
/// in use, or does not read on from where the last one ended, reads the file. Thread-safe.
/// </summary>
internal sealed class EntryWindows
{
    private const int Windows = 64;
    private const int Entries = 1024;

    private readonly QueueFiles _files;
    private readonly Window[] _windows = [.. Enumerable.Range(0, Windows).Select(_ => new Window())];

    public EntryWindows(QueueFiles files) => _files = files;

    /// <summary>
    /// Reads written entries of one file from an offset on, up to <paramref name="written"/>; returns how many, 0 when
    /// the file is gone.
    /// </summary>
    public int Read(ConsumeQueue queue, long offset, long written, Span<QueueEntry> entries)
    {
        var window = WindowOf(queue);
        if (!window.TryEnter())
            return ReadFile(queue, offset, entries);
        try
        {
            if (window.TryCopy(queue, offset, entries, out var copied))
                return copied;
            if (window.Queue != queue || window.End != offset)
            {
                copied = ReadFile(queue, offset, entries);
                window.Expect(queue, offset + copied);
                return copied;
            }

            // Before the read: one that fails leaves bytes of both behind.
            window.Expect(queue, offset);
            var wanted = (int)Math.Min(Entries, written - offset);
            window.Fill(offset, _files.Read(queue, offset, window.Room(wanted)) / QueueEntry.EncodedSize);
            window.TryCopy(queue, offset, entries, out copied);
            return copied;
        }
        finally
        {
            window.Exit();
        }
    }

    /// <summary>The files of a queue were changed where they had been written before. After that, nobody reads what was there.</summary>
    public void Forget(ConsumeQueue queue)
    {
        var window = WindowOf(queue);
        var spin = default(SpinWait);
        while (!window.TryEnter())
            spin.SpinOnce();
        window.Expect(null, 0);
        window.Exit();
    }

    private Window WindowOf(ConsumeQueue queue) => _windows[(uint)System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(queue) % Windows];

    private int ReadFile(ConsumeQueue queue, long offset, Span<QueueEntry> entries)
    {
        const int Chunk = 64;
        Span<byte> bytes = stackalloc byte[Chunk * QueueEntry.EncodedSize];
        var count = Math.Min(entries.Length, Chunk);
        var read = _files.Read(queue, offset, bytes[..(count * QueueEntry.EncodedSize)]) / QueueEntry.EncodedSize;
        for (var i = 0; i < read; i++)
            entries[i] = QueueEntry.Read(bytes[(i * QueueEntry.EncodedSize)..]);
        return read;
    }

    private sealed class Window
    {
        private byte[]? _bytes;
        private long _from;
        private int _entered;

        public ConsumeQueue? Queue { get; private set; }

        /// <summary>Offset behind what is in the window: where one who reads on asks next.</summary>
        public long End { get; private set; }

        public bool TryEnter() => Interlocked.Exchange(ref _entered, 1) == 0;

        public void Exit() => Volatile.Write(ref _entered, 0);

        public bool TryCopy(ConsumeQueue queue, long offset, Span<QueueEntry> entries, out int copied)
        {
            copied = 0;
            if (Queue != queue || offset < _from || offset >= End)
                return false;
            copied = (int)Math.Min(entries.Length, End - offset);
            QueueEntry.Read(_bytes.AsSpan((int)(offset - _from) * QueueEntry.EncodedSize), entries[..copied]);
            return true;
        }

        public Span<byte> Room(int entries) => (_bytes ??= new byte[Entries * QueueEntry.EncodedSize]).AsSpan(0, entries * QueueEntry.EncodedSize);

        public void Fill(long from, int count)
        {
            _from = from;
            End = from + count;
        }

        public void Expect(ConsumeQueue? queue, long next)
        {
            Queue = queue;
            _from = next;
            End = next;
        }
    }
}
