using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// Reads of files that do not change, through a limited number of open handles: the least recently used one is closed
/// first. Thread-safe.
/// </summary>
internal sealed class FileHandles(IFileSystem files, int maxOpen) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Handle> _open = [];
    private readonly LinkedList<Handle> _byUse = new();
    private bool _closed;

    /// <summary>Handles that are open now.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    /// <summary>Reads bytes at a position; how many there were, -1 when the file is gone.</summary>
    public int Read(string path, Span<byte> buffer, long position)
    {
        if (Rent(path) is not { } handle)
            return -1;
        try
        {
            return handle.File.Read(buffer, position);
        }
        finally
        {
            Return(handle);
        }
    }

    /// <summary>Bytes of a file; -1 when it is gone.</summary>
    public long Length(string path)
    {
        if (Rent(path) is not { } handle)
            return -1;
        try
        {
            return handle.File.Length;
        }
        finally
        {
            Return(handle);
        }
    }

    /// <summary>Closes a file that is deleted now.</summary>
    public void Forget(string path)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(path, out var handle))
                Close(handle);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            while (_byUse.First is { } node)
                Close(node.Value);
        }
    }

    private Handle? Rent(string path)
    {
        lock (_lock)
        {
            if (_closed)
                return null;
            if (!_open.TryGetValue(path, out var handle))
            {
                if (TryOpen(path) is not { } file)
                    return null;
                handle = new Handle(path, file);
                _open.Add(path, handle);
                _byUse.AddLast(handle.Node);
                if (_open.Count > maxOpen)
                    Close(_byUse.First!.Value);
            }
            else if (_byUse.Last != handle.Node)
            {
                _byUse.Remove(handle.Node);
                _byUse.AddLast(handle.Node);
            }

            handle.Users++;
            return handle;
        }
    }

    /// <summary>Never makes the file: it may be deleted between any look at it and the opening.</summary>
    private IRandomFile? TryOpen(string path)
    {
        try
        {
            return files.FileExists(path) ? files.OpenRead(path) : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Return(Handle handle)
    {
        lock (_lock)
        {
            if (--handle.Users == 0 && handle.IsClosed)
                handle.File.Dispose();
        }
    }

    private void Close(Handle handle)
    {
        _open.Remove(handle.Path);
        _byUse.Remove(handle.Node);
        handle.IsClosed = true;
        if (handle.Users == 0)
            handle.File.Dispose();
    }

    private sealed class Handle
    {
        public Handle(string path, IRandomFile file)
        {
            Path = path;
            File = file;
            Node = new LinkedListNode<Handle>(this);
        }

        public string Path { get; }

        public IRandomFile File { get; }

        public LinkedListNode<Handle> Node { get; }

        public int Users { get; set; }

        public bool IsClosed { get; set; }
    }
}
