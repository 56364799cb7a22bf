using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// Which files and directories there are: as a process sees it, and as the disk has it. In between are the changes that
/// no sync of their directory has made durable. A power cut keeps some of them: the first so many, as a journal does, or
/// any, as a file system without one may.
/// </summary>
internal sealed class FaultyEntries
{
    private readonly List<Change> _pending = [];
    private Dictionary<string, FaultyFile> _files = [];
    private HashSet<string> _directories = ["/"];
    private Dictionary<string, FaultyFile> _filesOnDisk = [];
    private HashSet<string> _directoriesOnDisk = ["/"];

    private enum Kind
    {
        Create,
        Delete,
        Rename,
        MakeDirectory,
    }

    public IReadOnlyDictionary<string, FaultyFile> Files => _files;

    public bool HasDirectory(string path) => _directories.Contains(path);

    /// <summary>What is in a directory.</summary>
    public List<FileEntry> List(string directory)
    {
        var prefix = directory.EndsWith('/') ? directory : directory + '/';
        var entries = new List<FileEntry>();
        foreach (var (path, file) in _files)
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOf('/', prefix.Length) < 0)
                entries.Add(new FileEntry(path[prefix.Length..], file.Length, false));
        }

        foreach (var path in _directories)
        {
            if (path.Length > prefix.Length && path.StartsWith(prefix, StringComparison.Ordinal) && path.IndexOf('/', prefix.Length) < 0)
                entries.Add(new FileEntry(path[prefix.Length..], 0, true));
        }

        return entries;
    }

    public void Create(string path, FaultyFile file) => Do(new Change(Kind.Create, path, null, file));

    public void Delete(string path)
    {
        if (_files.ContainsKey(path))
            Do(new Change(Kind.Delete, path, null, null));
    }

    public void Rename(string from, string to) => Do(new Change(Kind.Rename, to, from, _files[from]));

    public void MakeDirectory(string path)
    {
        if (_directories.Contains(path))
            return;
        if (Path.GetDirectoryName(path) is { Length: > 0 } parent)
            MakeDirectory(parent);
        Do(new Change(Kind.MakeDirectory, path, null, null));
    }

    /// <summary>Makes the changes of a directory durable; its own place in its parent is not.</summary>
    public void Sync(string directory)
    {
        if (_pending.Count == 0)
            return;
        var kept = 0;
        for (var i = 0; i < _pending.Count; i++)
        {
            var change = _pending[i];
            if (Path.GetDirectoryName(change.Path) == directory || (change.From is not null && Path.GetDirectoryName(change.From) == directory))
                Apply(change, _filesOnDisk, _directoriesOnDisk);
            else
                _pending[kept++] = change;
        }

        _pending.RemoveRange(kept, _pending.Count - kept);
    }

    /// <summary>Makes everything durable.</summary>
    public void SyncAll()
    {
        foreach (var change in _pending)
            Apply(change, _filesOnDisk, _directoriesOnDisk);
        _pending.Clear();
    }

    public void LoseChanges(Random random)
    {
        var isJournal = random.Next(2) == 0;
        var first = random.Next(_pending.Count + 1);
        for (var i = 0; i < _pending.Count; i++)
        {
            if (isJournal ? i < first : random.Next(2) == 0)
                Apply(_pending[i], _filesOnDisk, _directoriesOnDisk);
        }

        _pending.Clear();
        _directoriesOnDisk.RemoveWhere(path => !IsReachable(path));
        foreach (var path in _filesOnDisk.Keys.Where(path => !IsReachable(path)).ToList())
            _filesOnDisk.Remove(path);
        _files = new Dictionary<string, FaultyFile>(_filesOnDisk);
        _directories = [.. _directoriesOnDisk];
    }

    private bool IsReachable(string path)
    {
        for (var parent = Path.GetDirectoryName(path); !string.IsNullOrEmpty(parent); parent = Path.GetDirectoryName(parent))
        {
            if (!_directoriesOnDisk.Contains(parent))
                return false;
        }

        return true;
    }

    private void Do(Change change)
    {
        Apply(change, _files, _directories);
        _pending.Add(change);
    }

    private static void Apply(Change change, Dictionary<string, FaultyFile> files, HashSet<string> directories)
    {
        switch (change.Kind)
        {
            case Kind.Create:
                files[change.Path] = change.File!;
                break;
            case Kind.Delete:
                files.Remove(change.Path);
                break;
            case Kind.Rename:
                files.Remove(change.From!);
                files[change.Path] = change.File!;
                break;
            default:
                directories.Add(change.Path);
                break;
        }
    }

    private sealed record Change(Kind Kind, string Path, string? From, FaultyFile? File);
}
