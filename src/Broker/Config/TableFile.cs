using System.Buffers;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Config;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>One table of the broker in its file: replaced as a whole, with the one before as backup.</summary>
public sealed class TableFile(IFileSystem files, string path)
{
    private readonly ConfigFile _file = new(files, path);

    /// <summary>Whether the last read took the backup.</summary>
    public bool TookBackup => _file.TookBackup;

    /// <summary>Where it is.</summary>
    public string Path { get; } = path;

    /// <summary>The file system it is on.</summary>
    internal IFileSystem Files => files;

    /// <summary>Replaces the content with what <paramref name="write"/> writes; it is on disk when this returns.</summary>
    /// <exception cref="IOException">It is not; the old content is.</exception>
    public void Write(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        write(buffer);
        _file.Write(buffer.WrittenSpan);
    }

    /// <summary>Reads the content, or the one before it; null when there never was one.</summary>
    /// <param name="parse">Null for what it does not understand.</param>
    /// <exception cref="StoreUnusableException">There is a file, and neither it nor its backup can be read: going on
    /// would forget topics, groups or progress.</exception>
    public T? Read<T>(Func<byte[], T?> parse)
        where T : class
    {
        T? value = _file.Read(text => parse(text) ?? throw new FormatException());
        return value is null && (files.FileExists(Path) || files.FileExists(Path + ".bak"))
            ? throw new StoreUnusableException($"{Path} and its backup cannot be read. Repair them, or remove them to start without what they say.")
            : value;
    }
}
