namespace ProtoBridgeMQ.Store.Index;

/// <summary>Keeps a limited number of old index files mapped, the least recently used one goes first.</summary>
internal sealed class IndexMappings : IDisposable
{
    private readonly int _limit;
    private readonly Lock _lock = new();
    private readonly List<IndexFile> _byUse = [];

    public IndexMappings(int limit) => _limit = limit;

    public int Count
    {
        get
        {
            lock (_lock)
                return _byUse.Count;
        }
    }

    /// <summary>The file was used.</summary>
    public void Keep(IndexFile file)
    {
        lock (_lock)
        {
            if (!_byUse.Remove(file) && !file.TryHold(out _))
                return;
            _byUse.Add(file);
            if (_byUse.Count <= _limit)
                return;
            _byUse[0].Release();
            _byUse.RemoveAt(0);
        }
    }

    /// <summary>The file is deleted.</summary>
    public void Drop(IndexFile file)
    {
        file.Close();
        lock (_lock)
        {
            if (_byUse.Remove(file))
                file.Release();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _byUse)
                file.Release();
            _byUse.Clear();
        }
    }
}
