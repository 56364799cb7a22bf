using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.NameServer.Files;

/// <summary>A small file that is replaced as a whole: after a crash it is the old one or the new one.</summary>
internal sealed partial class KeptFile(string directory, string name)
{
    private const int InvalidArgument = 22;

    private readonly string _path = Path.Combine(directory, name);

    /// <summary>Where it is.</summary>
    public string FullPath => Path.GetFullPath(_path);

    /// <summary>Its content, or null when there is none.</summary>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public byte[]? Read() => File.Exists(_path) ? File.ReadAllBytes(_path) : null;

    /// <summary>Replaces the content; it is on disk when this returns.</summary>
    /// <exception cref="IOException">It is not; the old content is.</exception>
    public void Write(ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(directory);
        var next = _path + ".tmp";
        using (var file = File.OpenHandle(next, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }
        File.Move(next, _path, overwrite: true);
        SyncDirectory(directory);
    }

    // The rename itself is on disk only then.
    private static void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        var handle = Open(directory, 0);
        if (handle < 0)
            throw new IOException($"Cannot open directory '{directory}': error {Marshal.GetLastPInvokeError()}.");
        var failed = Fsync(handle) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(handle);
        if (failed && error != InvalidArgument)
            throw new IOException($"Cannot fsync directory '{directory}': error {error}.");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
