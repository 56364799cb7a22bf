namespace ProtoBridgeMQ.Store.Files;

/// <summary>An entry of a directory.</summary>
/// <param name="Name">Name without the path.</param>
/// <param name="Length">Bytes; 0 for a directory.</param>
/// <param name="IsDirectory">Whether it is a directory.</param>
public readonly record struct FileEntry(string Name, long Length, bool IsDirectory);

/// <summary>Room on the file system that holds a directory.</summary>
/// <param name="Used">Bytes in use, whoever uses them.</param>
/// <param name="Available">Bytes that the store may still take.</param>
public readonly record struct DiskRoom(long Used, long Available)
{
    /// <summary>Share in use, 0 to 1, as <c>df</c> shows it.</summary>
    public double UsedShare => Used <= 0 ? 0 : (double)Used / ((double)Used + Math.Max(0, Available));
}

/// <summary>
/// What the store asks of a file system. Everything it does to a disk goes through here, so that tests can tear writes,
/// lose what was not flushed, fill the disk, fail a flush and flip bits.
/// Failures are <see cref="IOException"/>; a full disk is <see cref="DiskFullException"/>.
/// </summary>
public interface IFileSystem
{
    /// <summary>Whether the file exists.</summary>
    bool FileExists(string path);

    /// <summary>Entries of a directory in no order; empty when it does not exist.</summary>
    IReadOnlyList<FileEntry> List(string directory);

    /// <summary>Makes the directory and those above it. Durable after <see cref="SyncDirectory"/> of the parent.</summary>
    void CreateDirectory(string directory);

    /// <summary>Deletes a file; nothing happens when it does not exist. Durable after <see cref="SyncDirectory"/>.</summary>
    void DeleteFile(string path);

    /// <summary>Renames a file over another one in one step. Durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Makes creations, deletions and renames in a directory durable.</summary>
    void SyncDirectory(string directory);

    /// <summary>
    /// The file system that holds a directory, to be flushed in one go; null where that cannot be done. Open it before what
    /// is to be flushed is written: it tells of errors since then. May wait for the disk.
    /// </summary>
    IWholeDisk? OpenDisk(string directory) => null;

    /// <summary>
    /// Makes the file, or extends it with zeros, to <paramref name="size"/> bytes and reserves its blocks, so that no
    /// write into a mapping of it can fail for want of room. With <paramref name="zeroFrom"/> at least 0, everything
    /// from there on reads as zeros afterwards. Durable on return, but for the directory entry. Without room for the
    /// blocks the file has its size all the same, and can be mapped and read.
    /// </summary>
    void Reserve(string path, int size, long zeroFrom = -1);

    /// <summary>Maps the first <paramref name="size"/> bytes of a file that has them.</summary>
    IMappedFile Map(string path, int size);

    /// <summary>Opens a file for reads and writes at positions, making it where it does not exist.</summary>
    IRandomFile Open(string path);

    /// <summary>Opens a file for reads and writes at positions; null where it does not exist.</summary>
    IRandomFile? TryOpen(string path) => FileExists(path) ? Open(path) : null;

    /// <summary>Room on the file system that holds a directory, which exists.</summary>
    DiskRoom Room(string directory);

    /// <summary>Opens a file that exists for reads alone, whoever else has it open.</summary>
    IRandomFile OpenRead(string path) => Open(path);

    /// <summary>Whether a process holds the lock file now. Changes nothing.</summary>
    bool IsLocked(string path) => false;

    /// <summary>Takes the lock file of the store; fails when another process holds it.</summary>
    IDisposable Lock(string path);
}

/// <summary>A file mapped into memory.</summary>
public interface IMappedFile : IDisposable
{
    /// <summary>The bytes of the file, shared with the page cache.</summary>
    Memory<byte> Memory { get; }

    /// <summary>Where <see cref="Memory"/> is when it never moves, as long as the file is mapped; else null.</summary>
    unsafe byte* Start => null;

    /// <summary>A range will be written soon: its pages may be made ready for that now. A hint; the bytes stay what they are.</summary>
    void Prepare(int offset, int length)
    {
    }

    /// <summary>Makes a range durable; returns after the disk has it.</summary>
    /// <exception cref="IOException">The disk did not take it. What of the range it has is unknown: never try again as if nothing had happened.</exception>
    void Flush(int offset, int length);

    /// <summary>
    /// Has the next flush of a range write all of it, also what counts as clean: after a failed flush the kernel holds
    /// pages that the disk never got and does not write them again by itself. No one else writes to the range meanwhile.
    /// </summary>
    void Rewrite(int offset, int length);
}

/// <summary>A file read and written at positions.</summary>
public interface IRandomFile : IDisposable
{
    /// <summary>Bytes of the file.</summary>
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends; returns the bytes read.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of the buffer, extending the file as needed.</summary>
    void Write(ReadOnlySpan<byte> buffer, long offset);

    /// <summary>Cuts or extends the file; an extension reads as zeros.</summary>
    void SetLength(long length);

    /// <summary>Makes what was written durable, and what it takes to read it again.</summary>
    void Flush();

    /// <summary>Has a range written to the disk by and by; no promise that it is durable. May wait for the disk. A hint.</summary>
    void WriteBack(long offset, long length)
    {
    }

    /// <summary>A range was read once and will not be soon: the page cache need not keep it. A hint.</summary>
    void Forget(long offset, long length)
    {
    }
}

/// <summary>All of a file system.</summary>
public interface IWholeDisk : IDisposable
{
    /// <summary>Makes everything on it durable, files and directory entries.</summary>
    /// <exception cref="IOException">
    /// The disk did not take something since this was opened, whoever wrote it and whoever else was told. What it has is
    /// unknown: never try again.
    /// </exception>
    void Flush();
}

/// <summary>
/// There is no room on the disk, or no handle for one more file. Nothing is lost, and what was not done may be tried again;
/// a flush never ends in this.
/// </summary>
public sealed class DiskFullException : IOException
{
    /// <summary>Names the file that there was no room for.</summary>
    public DiskFullException(string path, Exception? innerException = null)
        : this(innerException, $"No room on the disk for '{path}'. Free some space: appends go on by themselves.")
    {
    }

    private DiskFullException(Exception? innerException, string message)
        : base(message, innerException)
    {
    }

    /// <summary>Names the file that there was no handle for.</summary>
    internal static DiskFullException OfHandles(string path, Exception innerException) =>
        new(innerException, $"No handle for '{path}': too many files and connections are open. Raise the limit of open files (ulimit -n), or close some: appends go on by themselves.");
}
