using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ProtoBridgeMQ.Store.Files;

/// <summary>The calls of the C library that .NET has no name for. Only on Unix; elsewhere the callers do without.</summary>
internal static partial class NativeFile
{
    public const int NoSpace = 28;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;
    private const int Interrupted = 4;
    private const int NoPermission = 13;
    private const int InvalidArgument = 22;
    private const int DontNeed = 4;

    /// <summary>MADV_POPULATE_WRITE, since Linux 5.14; older ones answer EINVAL.</summary>
    private const int PopulateWrite = 23;
    private const int ReadOnly = 30;
    private const int WaitBeforeWriteWaitAfter = 7;
    private const int MsSync = 4;

    private static readonly Version SyncTellsErrors = new(5, 8);

    /// <summary>O_CLOEXEC of Linux. Elsewhere a child may get the handle: it does nothing with it.</summary>
    private static readonly int CloseOnExec = OperatingSystem.IsLinux() ? 0x80000 : 0;

    /// <summary>Reserves blocks for a file; the size grows as needed. Returns an errno, 0 for success.</summary>
    public static int ReserveBlocks(SafeHandle file, long length)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        int error;
        do
            error = PosixFallocate(file, 0, length);
        while (error == Interrupted);
        return error is NotSupported or InvalidArgument ? 0 : error;
    }

    /// <summary>Writes dirty pages of a mapping to the disk and has the disk flush its cache. Returns an errno.</summary>
    public static unsafe int FlushPages(byte* start, nuint length)
    {
        var skew = (nuint)start % (nuint)Environment.SystemPageSize;
        while (Msync(start - skew, length + skew, MsSync) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
                return error;
        }

        return 0;
    }

    /// <summary>Makes what was written into a file durable: its data, and of its metadata what finds them again. Returns an errno. Linux only.</summary>
    public static int FlushData(SafeHandle file)
    {
        while (Fdatasync(file) != 0)
        {
            // Interrupted is not failed: nothing was given up.
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
                return error;
        }

        return 0;
    }

    /// <summary>As <see cref="FlushData"/>, with the blocks that are reserved and the size.</summary>
    public static int FlushFile(SafeHandle file)
    {
        while (Fsync(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
                return error == InvalidArgument ? 0 : error;
        }

        return 0;
    }

    /// <summary>Has a range of a file written to the disk and waits until it took it; nothing about its cache. A hint.</summary>
    public static void WriteBack(SafeHandle file, long offset, long length)
    {
        if (OperatingSystem.IsLinux())
            _ = SyncFileRange(file, offset, length, WaitBeforeWriteWaitAfter);
    }

    /// <summary>Makes the pages of a mapping present and writable. A hint: what goes wrong does so when they are written to.</summary>
    public static unsafe void PreparePages(byte* start, nuint length)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var skew = (nuint)start % (nuint)Environment.SystemPageSize;
        _ = Madvise(start - skew, length + skew, PopulateWrite);
    }

    /// <summary>Lets the page cache drop clean pages of a file. A hint.</summary>
    public static void ForgetPages(SafeHandle file, long offset, long length)
    {
        if (OperatingSystem.IsLinux())
            _ = PosixFadvise(file, offset, length, DontNeed);
    }

    /// <summary>Whether there is a call that flushes a file system as a whole, and tells of errors (since Linux 5.8).</summary>
    public static bool FlushOfAllTellsErrors { get; } = OperatingSystem.IsLinux() && Environment.OSVersion.Version >= SyncTellsErrors;

    /// <summary>Opens a directory. Not on Windows.</summary>
    public static SafeFileHandle OpenDirectory(string directory)
    {
        while (true)
        {
            var file = Open(directory, CloseOnExec);
            if (file >= 0)
                return new SafeFileHandle(file, ownsHandle: true);
            var error = Marshal.GetLastPInvokeError();
            if (error == NoPermission)
                throw new UnauthorizedAccessException($"Cannot open directory '{directory}': no permission.");
            if (error != Interrupted)
                throw new IOException($"Cannot open directory '{directory}': error {error}.", error);
        }
    }

    /// <summary>Makes the entries of a directory durable. Not on Windows, which does so by itself.</summary>
    public static void FlushDirectory(SafeHandle directory, string path)
    {
        while (Fsync(directory) != 0)
        {
            var error = Marshal.GetLastPInvokeError();

            // A file system without a disk has nothing to sync. One that is read-only may have become so by an error, with changes that are lost.
            if (error == InvalidArgument)
                return;
            if (error == ReadOnly)
                throw new UnauthorizedAccessException($"Cannot fsync directory '{path}': its file system is read-only, perhaps after an error of the disk.");
            if (error != Interrupted)
                throw new IOException($"Cannot fsync directory '{path}': error {error}.");
        }
    }

    /// <summary>Writes all of the file system that holds a directory to the disk. See <see cref="FlushOfAllTellsErrors"/>.</summary>
    public static void FlushFileSystem(SafeHandle directory, string path)
    {
        while (SyncFileSystem(directory) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
                throw new IOException($"syncfs of the file system of '{path}' failed: error {error}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int PosixFallocate(SafeHandle file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static unsafe partial int Madvise(byte* start, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int PosixFadvise(SafeHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeHandle file, long offset, long length, int flags);

    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    private static unsafe partial int Msync(byte* start, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(SafeHandle file);
}
