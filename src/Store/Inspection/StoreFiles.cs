using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ProtoBridgeMQ.Store.Checkpoints;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>A file of the commit log.</summary>
/// <param name="Name">Its name in <c>commitlog/</c>.</param>
/// <param name="BaseOffset">Physical offset of its first byte.</param>
/// <param name="Length">Bytes.</param>
public sealed record LogFile(string Name, long BaseOffset, long Length);

/// <summary>A store directory that is only looked at: nothing is locked, made or changed. A broker may run in it.</summary>
public sealed class StoreFiles
{
    private long _logStart;

    private StoreFiles(IFileSystem files, string directory, IReadOnlyList<LogFile> segments)
    {
        Files = files;
        Directory = directory;
        Segments = segments;
    }

    /// <summary>The store directory.</summary>
    public string Directory { get; }

    /// <summary>Files of the commit log, ascending.</summary>
    public IReadOnlyList<LogFile> Segments { get; }

    /// <summary>Bytes of a segment: what most files have.</summary>
    public long SegmentSize { get; private init; }

    /// <summary>Where the log begins: later when a running broker deleted its head meanwhile, and somebody met that.</summary>
    public long LogStart => Math.Max(_logStart, Segments.Count == 0 ? 0 : Segments[0].BaseOffset);

    /// <summary>Whether the abort file is there: a broker runs, or its last run did not end by itself.</summary>
    public bool IsAborted => Files.FileExists(PathOf("abort"));

    internal IFileSystem Files { get; }

    /// <summary>Looks at a directory.</summary>
    /// <exception cref="StoreUnusableException">It is no store directory.</exception>
    public static StoreFiles Open(string directory, IFileSystem? files = null)
    {
        files = new ReadOnlyFiles(files ?? PhysicalFileSystem.Instance);
        var segments = new List<LogFile>();
        foreach (var entry in files.List(Path.Combine(directory, "commitlog")))
        {
            if (!entry.IsDirectory && LogFileName.TryParse(entry.Name, out var baseOffset))
                segments.Add(new LogFile(entry.Name, baseOffset, entry.Length));
        }

        if (segments.Count == 0 && !files.List(directory).Any(entry => entry.Name is "commitlog" or "consumequeue" or "checkpoint"))
            throw new StoreUnusableException($"'{directory}' is no store directory: it has no commitlog. Give the directory that commitlog is in.");
        segments.Sort(static (left, right) => left.BaseOffset.CompareTo(right.BaseOffset));
        var size = segments.GroupBy(segment => segment.Length).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).FirstOrDefault()?.Key ?? 0;
        return new StoreFiles(files, directory, segments) { SegmentSize = size };
    }

    /// <summary>Whether a process holds the directory now.</summary>
    public bool IsLocked() => Files.IsLocked(PathOf("lock"));

    /// <summary>All queues that have a directory, in the order of their names.</summary>
    public IEnumerable<QueueReader> Queues()
    {
        foreach (var topic in Names("consumequeue"))
        {
            foreach (var queueId in Names(Path.Combine("consumequeue", topic)).Select(QueueId).Where(id => id >= 0).Order())
                yield return Queue(topic, queueId);
        }
    }

    /// <summary>A queue, whether it has files or not.</summary>
    public QueueReader Queue(string topic, int queueId) => new(this, topic, queueId);

    /// <summary>The key index.</summary>
    public IndexReader Index() => new(this);

    /// <summary>What the checkpoint says; null when there is none, or none that says anything.</summary>
    public CheckpointContent? Checkpoint()
    {
        var path = PathOf("checkpoint");
        if (!Files.FileExists(path))
            return null;
        Span<byte> page = stackalloc byte[Checkpoints.Checkpoint.Size];
        using var file = Files.OpenRead(path);
        return Checkpoints.Checkpoint.TryRead(page[..file.Read(page, 0)], out var read) ? CheckpointContent.Of(read) : null;
    }

    /// <summary>The segment that holds an offset.</summary>
    internal LogFile? SegmentOf(long offset)
    {
        var low = 0;
        var high = Segments.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (offset < Segments[middle].BaseOffset)
                high = middle - 1;
            else if (offset >= Segments[middle].BaseOffset + Segments[middle].Length)
                low = middle + 1;
            else
                return Segments[middle];
        }

        return null;
    }

    internal string PathOf(string relative) => Path.Combine(Directory, relative);

    internal IRandomFile Open(LogFile segment) => Files.OpenRead(Path.Combine(Directory, "commitlog", segment.Name));

    /// <summary>Opens a segment; false when it is deleted, with all before it.</summary>
    internal bool TryOpen(LogFile segment, [NotNullWhen(true)] out IRandomFile? file)
    {
        file = null;
        try
        {
            file = Open(segment);
            return true;
        }
        catch (FileNotFoundException)
        {
            _logStart = Math.Max(_logStart, segment.BaseOffset + segment.Length);
            return false;
        }
    }

    private static int QueueId(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1;

    private IEnumerable<string> Names(string relative) =>
        Files.List(PathOf(relative)).Where(entry => entry.IsDirectory).Select(entry => entry.Name).Order(StringComparer.Ordinal);
}

/// <summary>What a checkpoint says.</summary>
/// <param name="PhysicTimestamp">Store time of the last record flushed, Unix milliseconds.</param>
/// <param name="LogicsTimestamp">Store time of the last record whose queue entry is flushed.</param>
/// <param name="IndexTimestamp">Store time of the last record in the key index.</param>
/// <param name="MasterFlushedOffset">Offset the master flushed.</param>
/// <param name="ConfirmOffset">Confirmed offset.</param>
/// <param name="RecoverOffset">Before it everything is durable; -1 in a checkpoint that Apache RocketMQ wrote.</param>
/// <param name="QueueEnds">Sum of the ends of all queues; -1 when it is not known.</param>
/// <param name="QueueFileEntries">Entries of a queue file; 0 when it is not known.</param>
public sealed record CheckpointContent(
    long PhysicTimestamp,
    long LogicsTimestamp,
    long IndexTimestamp,
    long MasterFlushedOffset,
    long ConfirmOffset,
    long RecoverOffset,
    long QueueEnds,
    int QueueFileEntries)
{
    internal static CheckpointContent Of(in Checkpoint read) => new(
        read.PhysicTimestamp, read.LogicsTimestamp, read.IndexTimestamp, read.MasterFlushedOffset, read.ConfirmOffset, read.RecoverOffset, read.QueueEnds, read.QueueFileEntries);
}
