using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace ProtoBridgeMQ.Store.Files;

/// <summary>
/// A mapped file. On Linux a flush is <c>msync(MS_SYNC)</c> over the range, which the kernel carries out as fdatasync of
/// that range, with the disk's cache; elsewhere the whole view and the file are flushed.
/// </summary>
internal sealed unsafe class PhysicalMappedFile : MemoryManager<byte>, IMappedFile
{
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly int _size;

    public PhysicalMappedFile(string path, int size)
    {
        _path = path;
        _size = size;
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (RandomAccess.GetLength(_handle) < size)
        {
            _handle.Dispose();
            throw new IOException($"'{path}' has fewer than the {size} bytes to map.");
        }

        _map = MemoryMappedFile.CreateFromFile(_handle, null, size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, size, MemoryMappedFileAccess.ReadWrite);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    Memory<byte> IMappedFile.Memory => CreateMemory(_size);

    byte* IMappedFile.Start => _start;

    public void Prepare(int offset, int length) => NativeFile.PreparePages(_start + offset, (nuint)length);

    public void Flush(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)_size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(_size - offset));
        if (OperatingSystem.IsLinux())
        {
            var error = NativeFile.FlushPages(_start + offset, (nuint)length);
            if (error != 0)
                throw new IOException($"msync of '{_path}' at {offset}, {length} bytes, failed: error {error}.", error);
            return;
        }

        _view.Flush();
        RandomAccess.FlushToDisk(_handle);
    }

    public void Rewrite(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)_size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(_size - offset));
        // A store of the same byte makes the page dirty.
        for (var at = offset; at < offset + length; at += Environment.SystemPageSize)
            Volatile.Write(ref _start[at], Volatile.Read(ref _start[at]));
        if (length > 0)
            Volatile.Write(ref _start[offset + length - 1], Volatile.Read(ref _start[offset + length - 1]));
    }

    public override Span<byte> GetSpan() => new(_start, _size);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
        // Mapped memory does not move.
    }

    void IDisposable.Dispose() => Dispose(true);

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _handle.Dispose();
    }
}
