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
    public void CreateDirectory(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, directory) is { } lack)
        {
            throw lack;
        }
    }

    /// <inheritdoc/>
    public void DeleteFile(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: true);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, to) is { } lack)
        {
            throw lack;
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var handle = OpenDirectory(directory);
        NativeFile.FlushDirectory(handle, directory);
    }

    /// <inheritdoc/>
    public IWholeDisk? OpenDisk(string directory)
    {
        if (!NativeFile.FlushOfAllTellsErrors)
            return null;
        var disk = new PhysicalDisk(OpenDirectory(directory), directory);
        try
        {
            disk.Flush();
        }
        catch (IOException)
        {
            // Errors of before, which nobody was told of yet: of another run, or somebody else's.
        }

        return disk;
    }

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
            Flush(file, path);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, path) is { } lack)
        {
            throw lack;
        }
    }

    /// <inheritdoc/>
    public IMappedFile Map(string path, int size)
    {
        try
        {
            return new PhysicalMappedFile(path, size);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, path) is { } lack)
        {
            throw lack;
        }
    }

    /// <inheritdoc/>
    public IRandomFile Open(string path) => new PhysicalRandomFile(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);

    /// <inheritdoc/>
    public IRandomFile OpenRead(string path) => new PhysicalRandomFile(path, FileMode.Open, FileAccess.Read);

    /// <inheritdoc/>
    public IRandomFile? TryOpen(string path)
    {
        try
        {
            return File.Exists(path) ? new PhysicalRandomFile(path, FileMode.Open, FileAccess.ReadWrite) : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

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
        try
        {
            // The lock that Apache RocketMQ takes, and finds taken.
            if (OperatingSystem.IsLinux())
                file.Lock(0, 1);
            if (file.Length == 0)
            {
                file.Write("lock"u8);
                file.Flush();
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return file;
    }

    /// <summary>
    /// The runtime's own call takes a file system that an error made read-only for one that has nothing to flush. And what
    /// there is no room for now is lost: no lack that goes away.
    /// </summary>
    private static void Flush(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows())
            RandomAccess.FlushToDisk(file);
        else if (NativeFile.FlushFile(file) is not 0 and var error)
            throw new IOException($"fsync of '{path}' failed: error {error}.");
    }

    private static SafeFileHandle OpenDirectory(string directory)
    {
        try
        {
            return NativeFile.OpenDirectory(directory);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, directory) is { } lack)
        {
            throw lack;
        }
    }
}

/// <summary>
/// A file system by one of its directories, open all the time: the kernel tells a handle of the errors since it was opened,
/// once somebody else was told of the earlier ones.
/// </summary>
internal sealed class PhysicalDisk(SafeFileHandle directory, string path) : IWholeDisk
{
    public void Flush() => NativeFile.FlushFileSystem(directory, path);

    public void Dispose() => directory.Dispose();
}

/// <summary>Tells a lack of room or handles from other failures.</summary>
internal static class DiskErrors
{
    private const int TooManyFilesOfAll = 23;
    private const int TooManyFiles = 24;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>What to throw of a failure that goes away with some room, or with fewer open files; null of another.</summary>
    public static DiskFullException? AsLackOf(IOException error, string path) =>
        error is DiskFullException ? null
        : IsDiskFull(error) ? new DiskFullException(path, error)
        : error.HResult is TooManyFiles or TooManyFilesOfAll ? DiskFullException.OfHandles(path, error)
        : null;

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
        try
        {
            _handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, path) is { } lack)
        {
            throw lack;
        }
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
        catch (IOException error) when (DiskErrors.AsLackOf(error, _path) is { } lack)
        {
            throw lack;
        }
    }

    public void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch (IOException error) when (DiskErrors.AsLackOf(error, _path) is { } lack)
        {
            throw lack;
        }
    }

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
