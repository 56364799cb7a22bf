using System.Text;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Config;

/// <summary>
/// A small table on disk (<c>config/topics.json</c> and the like) that is replaced as a whole: after a crash it is the
/// old one or the new one. The one before is kept as <c>.bak</c>, as Apache RocketMQ does, but copied and not renamed,
/// so that there is no moment without a table.
/// <code>
///  write NAME.tmp, fsync ─► copy NAME to NAME.bak.tmp, fsync ─► rename to NAME.bak ─► rename NAME.tmp to NAME ─► fsync of the directory
/// </code>
/// A reader that finds no NAME, or one that it cannot parse, takes NAME.bak.
/// </summary>
public sealed class ConfigFile
{
    private const int MaxBackupSize = 256 << 20;

    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly Lock _lock = new();
    private bool _isBroken;
    private bool _hasDirectory;

    /// <summary>A table at <paramref name="path"/>.</summary>
    public ConfigFile(IFileSystem files, string path)
    {
        _files = files;
        _path = path;
    }

    /// <summary>Whether the last read took the backup, because the table was not there or could not be read.</summary>
    public bool TookBackup { get; private set; }

    /// <summary>Replaces the table. Returns after it is durable.</summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            var directory = Path.GetDirectoryName(_path)!;
            if (!_hasDirectory)
                DurableDirectory.Create(_files, directory);
            _hasDirectory = true;
            WriteWhole(_path + ".tmp", content);
            if (!_isBroken && TryReadWhole(_path, MaxBackupSize, out var before))
            {
                WriteWhole(_path + ".bak.tmp", before);
                _files.Rename(_path + ".bak.tmp", _path + ".bak");
            }

            _files.Rename(_path + ".tmp", _path);
            _files.SyncDirectory(directory);
            _isBroken = false;
        }
    }

    /// <summary>Replaces the table with text.</summary>
    public void Write(string content) => Write(Encoding.UTF8.GetBytes(content));

    /// <summary>
    /// Reads the table, or the one before when there is none or <paramref name="parse"/> throws what parsers throw for bytes
    /// that are no table (text that is no UTF-8 is an <see cref="InvalidOperationException"/>); default when there is neither.
    /// </summary>
    /// <param name="parse">Makes a value of the bytes.</param>
    /// <param name="maxSize">Larger files are not read.</param>
    public T? Read<T>(Func<byte[], T> parse, int maxSize = MaxBackupSize)
    {
        lock (_lock)
        {
            if (TryRead(_path, parse, maxSize, out var value))
                return value;
            if (!TryRead(_path + ".bak", parse, maxSize, out value))
                return default;
            TookBackup = true;
            PutBack();
            return value;
        }
    }

    /// <summary>
    /// Makes the backup the table again: until then the next write would make a backup of what cannot be read, and dying
    /// half way would leave nothing.
    /// </summary>
    private void PutBack()
    {
        _isBroken = true;
        try
        {
            if (!TryReadWhole(_path + ".bak", MaxBackupSize, out var backup))
                return;
            WriteWhole(_path + ".tmp", backup);
            _files.Rename(_path + ".tmp", _path);
            _files.SyncDirectory(Path.GetDirectoryName(_path)!);
            _isBroken = false;
        }
        catch (IOException)
        {
            // The next write replaces the table and leaves the backup alone.
        }
    }

    private bool TryRead<T>(string path, Func<byte[], T> parse, int maxSize, out T? value)
    {
        value = default;
        if (!TryReadWhole(path, maxSize, out var bytes))
            return false;
        try
        {
            value = parse(bytes);
            return true;
        }
        catch (Exception error) when (error is FormatException or System.Text.Json.JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private bool TryReadWhole(string path, int maxSize, out byte[] bytes)
    {
        bytes = [];
        if (!_files.FileExists(path))
            return false;
        using var file = _files.Open(path);
        if (file.Length == 0 || file.Length > maxSize)
            return false;
        bytes = new byte[file.Length];
        return file.Read(bytes, 0) == bytes.Length;
    }

    private void WriteWhole(string path, ReadOnlySpan<byte> content)
    {
        using var file = _files.Open(path);
        file.SetLength(0);
        file.Write(content, 0);
        file.Flush();
    }
}
