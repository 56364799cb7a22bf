using System.Globalization;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// The heads of all light queues as of the last flush: mapped files <c>lightqueues/heads/N</c>, a <see cref="LightQueueHead"/>
/// at each slot. Written by a flush alone, after the blocks that they lead to. One thread at a time.
/// </summary>
internal sealed class LightQueueHeads : IDisposable
{
    /// <summary>The first slot that a queue may have; <see cref="LightQueueMeta"/> is in front.</summary>
    public const int FirstSlot = LightQueueMeta.Size / LightQueueHead.Size;

    /// <summary>Heads of a file.</summary>
    public const int SlotsPerFile = FileSize / LightQueueHead.Size;

    private const int FileSize = 1 << 18;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly List<IMappedFile> _mapped = [];
    private readonly List<bool> _touched = [];

    public LightQueueHeads(IFileSystem files, string directory)
    {
        _files = files;
        _directory = Path.Combine(directory, "heads");
    }

    /// <summary>Maps the files that exist, up to that of the highest slot.</summary>
    public void Load(int highestSlot, bool isClean)
    {
        while (_mapped.Count * SlotsPerFile <= highestSlot && WholeFile.IsThere(_files, PathOf(_mapped.Count), FileSize))
        {
            if (!isClean)
                WholeFile.Secure(_files, PathOf(_mapped.Count), FileSize);
            Add(_files.Map(PathOf(_mapped.Count), FileSize));
            if (!isClean)
                WriteAgain(_mapped[^1]);
        }
    }

    /// <summary>
    /// The last run may have been refused a flush: then heads are in the page cache, the kernel takes them for clean, and the
    /// disk does not have them. They lead to blocks that it has, for those go first.
    /// </summary>
    private static void WriteAgain(IMappedFile heads)
    {
        heads.Rewrite(0, FileSize);
        heads.Flush(0, FileSize);
    }

    public bool TryReadMeta(bool isClean, out LightQueueMeta meta)
    {
        Load(0, isClean);
        meta = default;
        return _mapped.Count > 0 && LightQueueMeta.TryRead(_mapped[0].Memory.Span, out meta);
    }

    /// <summary>Reads the head at a slot; false when none was ever written, or it is damaged.</summary>
    public bool TryRead(int slot, out LightQueueHead head)
    {
        head = default;
        return slot / SlotsPerFile < _mapped.Count && LightQueueHead.TryRead(At(slot), out head);
    }

    /// <summary>Makes room for a slot.</summary>
    /// <exception cref="DiskFullException">No room for another file.</exception>
    public void Reserve(int slot)
    {
        while (_mapped.Count * SlotsPerFile <= slot)
        {
            var path = PathOf(_mapped.Count);
            DurableDirectory.Create(_files, _directory);
            WholeFile.Make(_files, path, FileSize);
            Add(_files.Map(path, FileSize));
        }
    }

    /// <summary>Writes what is known of all; durable on return.</summary>
    public void Write(in LightQueueMeta meta)
    {
        Reserve(0);
        meta.Write(_mapped[0].Memory.Span);
        _mapped[0].Rewrite(0, LightQueueMeta.Size);
        _mapped[0].Flush(0, LightQueueMeta.Size);
    }

    /// <summary>Writes a head; durable after <see cref="Flush"/>.</summary>
    public void Write(int slot, in LightQueueHead head)
    {
        head.Write(At(slot));
        // The bytes may be those that the disk refused before.
        _mapped[slot / SlotsPerFile].Rewrite(slot % SlotsPerFile * LightQueueHead.Size, LightQueueHead.Size);
        _touched[slot / SlotsPerFile] = true;
    }

    public void Flush()
    {
        for (var i = 0; i < _mapped.Count; i++)
        {
            if (!_touched[i])
                continue;
            _touched[i] = false;
            _mapped[i].Flush(0, FileSize);
        }
    }

    public void Dispose()
    {
        foreach (var mapped in _mapped)
            mapped.Dispose();
    }

    private Span<byte> At(int slot) =>
        _mapped[slot / SlotsPerFile].Memory.Span.Slice(slot % SlotsPerFile * LightQueueHead.Size, LightQueueHead.Size);

    private void Add(IMappedFile mapped)
    {
        _mapped.Add(mapped);
        _touched.Add(false);
    }

    private string PathOf(int index) => Path.Combine(_directory, index.ToString("D8", CultureInfo.InvariantCulture));
}
