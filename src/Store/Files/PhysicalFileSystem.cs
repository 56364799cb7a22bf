using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace ProtoBridgeMQ.Store.Files;

/// <summary>The file system of the machine.</summary>
public sealed class PhysicalFileSystem : IFileSystem
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>The one instance; it has no state.</summary>
    public static PhysicalFileSystem Instance { get; } = new();

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public IReadOnlyList<FileEntry> List(string directory)
    {
        // No object for each entry, and a stat of files alone: a hundred thousand queues are a hundred thousand directories.
        return Directory.Exists(directory)
            ? [.. new FileSystemEnumerable<FileEntry>(directory, static (ref FileSystemEntry entry) => new FileEntry(entry.FileName.ToString(), entry.IsDirectory ? 0 : entry.Length, entry.IsDirectory), Everything)]
            : [];
    }

    /// <inheritdoc/>
    public void CreateDirectory(string directory) => Directory.CreateDirectory(directory);

    /// <inheritdoc/>
    public void DeleteFile(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void SyncDirectory(string directory) => NativeFile.FlushDirectory(directory);

    /// <inheritdoc/>
    public bool TrySyncAll(string directory) => NativeFile.FlushFileSystem(directory);

    /// <inheritdoc/>
    public void Reserve(string path, int size, long zeroFrom = -1)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            var length = RandomAccess.GetLength(file);
            if (zeroFrom >= 0 && length > zeroFrom)
            {
                RandomAccess.SetLength(file, zeroFrom);
                length = zeroFrom;
            }

            var error = NativeFile.ReserveBlocks(file, size);
            if (error != 0 && RandomAccess.GetLength(file) < size)
                RandomAccess.SetLength(file, size);
            if (error is NativeFile.NoSpace or NativeFile.QuotaExceeded)
                throw new DiskFullException(path);
            if (error != 0)
                throw new IOException($"Cannot reserve {size} bytes for '{path}': error {error}.");
            if (RandomAccess.GetLength(file) < size)
                RandomAccess.SetLength(file, size);
            RandomAccess.FlushToDisk(file);
        }
        catch (IOException error) when (error is not DiskFullException && DiskErrors.IsDiskFull(error))
        {
            throw new DiskFullException(path, error);
        }
    }

    /// <inheritdoc/>
    public IMappedFile Map(string path, int size) => new PhysicalMappedFile(path, size);

    /// <inheritdoc/>
    public IRandomFile Open(string path) => new PhysicalRandomFile(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);

    /// <inheritdoc/>
    public IRandomFile OpenRead(string path) => new PhysicalRandomFile(path, FileMode.Open, FileAccess.Read);

    /// <inheritdoc/>
    public DiskRoom Room(string directory)
    {
        var drive = new DriveInfo(Path.GetFullPath(directory));
        return new DiskRoom(drive.TotalSize - drive.TotalFreeSpace, drive.AvailableFreeSpace);
    }

    /// <inheritdoc/>
    public bool IsLocked(string path)
    {
        if (!File.Exists(path))
            return false;
        try
        {
            // Shared with readers: a lock that a writer holds refuses it.
            using var probe = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public IDisposable Lock(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        if (file.Length == 0)
        {
            file.Write("lock"u8);
            file.Flush();
        }

        return file;
    }
}

/// <summary>Tells a full disk from other failures.</summary>
internal static class DiskErrors
{
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool IsDiskFull(IOException error) => error.HResult
        is NativeFile.NoSpace or NativeFile.QuotaExceeded or WindowsDiskFull or WindowsHandleDiskFull;
}

/// <summary>A file handle with reads and writes at positions.</summary>
internal sealed class PhysicalRandomFile : IRandomFile
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    public PhysicalRandomFile(string path, FileMode mode, FileAccess access)
    {
        _path = path;
        _handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
    }

    public long Length => RandomAccess.GetLength(_handle);

    public int Read(Span<byte> buffer, long offset)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[total..], offset + total);
            if (read == 0)
                break;
            total += read;
        }

        return total;
    }

    public void Write(ReadOnlySpan<byte> buffer, long offset)
    {
        try
        {
            RandomAccess.Write(_handle, buffer, offset);
        }
        catch (IOException error) when (DiskErrors.IsDiskFull(error))
        {
            throw new DiskFullException(_path, error);
        }
    }

    public void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    public void Forget(long offset, long length) => NativeFile.ForgetPages(_handle, offset, length);

    public void Flush()
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(_handle);
            return;
        }

        var error = NativeFile.FlushData(_handle);
        if (error != 0)
            throw new IOException($"fdatasync of '{_path}' failed: error {error}.", error);
    }

    public void WriteBack(long offset, long length) => NativeFile.WriteBack(_handle, offset, length);

    public void Dispose() => _handle.Dispose();
}
