using System.Globalization;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Store.Retention;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Retention;

/// <summary>Small stores of several segments, guards and topics for retention.</summary>
internal static class RetentionKit
{
    public const int Segment = 16 << 10;

    public static StoreOptions Options() => new()
    {
        Directory = "/store",
        SegmentSize = Segment,
        QueueFileEntries = 16,
        MaxOpenQueueFiles = 4,
        MaxBodySize = 12 << 10,
        CheckpointInterval = TimeSpan.FromMinutes(1),
    };

    public static MessageStore Open(IFileSystem files, ManualClock clock, Action<StoreOptions>? change = null)
    {
        var options = Options();
        change?.Invoke(options);
        return MessageStore.Open(options, files, clock);
    }

    /// <summary>Appends messages of 1 KB, about 14 a segment, an hour apart where <paramref name="clock"/> is given.</summary>
    public static async Task FillAsync(this MessageStore store, int count, ManualClock? clock = null, string topic = "topic", int from = 0)
    {
        for (var i = from; i < from + count; i++)
        {
            Assert.Equal(AppendStatus.Appended, store.Append(topic, 0, $"{i}:{new string('x', 1000)}").Status);
            clock?.Advance(TimeSpan.FromHours(1));
        }

        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.WriteCheckpoint());
    }

    public static ConsumeQueue Queue(this MessageStore store, string topic = "topic", int queueId = 0)
    {
        Assert.True(store.TryGetQueue(topic, queueId, out var queue));
        return queue;
    }

    /// <summary>Numbers of the messages that can be read, in their order; every one between the queue's ends.</summary>
    public static List<int> Numbers(this MessageStore store, string topic = "topic") =>
        [.. store.Bodies(topic, 0).Select(body => int.Parse(body[..body.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture))];

    public static List<string> Segments(this FaultyFileSystem files) =>
        [.. files.Paths.Where(path => path.StartsWith("/store/commitlog/", StringComparison.Ordinal)).Select(path => Path.GetFileName(path)).Order()];

    public static string NameOf(long offset) => LogFileName.Of(offset);

    /// <summary>Has the disk be that full, in percent.</summary>
    public static void FillTo(this FaultyFileSystem files, int percent) => files.Capacity = files.Used * 100 / percent;

    /// <summary>Passes until there is nothing more to delete.</summary>
    public static void RetainAll(this MessageStore store)
    {
        while (store.Retain())
        {
        }
    }
}

internal sealed class TestGuard(string name, long lowest) : IRetentionGuard
{
    public string Name => name;

    public long LowestNeeded { get; set; } = lowest;
}

internal sealed class TestTopics : Dictionary<string, TimeSpan>, ITopicRetention
{
    public Dictionary<string, long> Bytes { get; } = [];

    public IEnumerable<TopicLimit> Topics =>
        this.Select(topic => new TopicLimit(topic.Key, topic.Value)).Concat(Bytes.Select(topic => new TopicLimit(topic.Key, Bytes: topic.Value)));
}

/// <summary>Does something before a file is deleted or a directory synced.</summary>
internal sealed class SteppedFileSystem(IFileSystem files) : IFileSystem
{
    public Action<string>? BeforeStep { get; set; }

    public bool FileExists(string path) => files.FileExists(path);

    public IReadOnlyList<FileEntry> List(string directory) => files.List(directory);

    public void CreateDirectory(string directory) => files.CreateDirectory(directory);

    public void DeleteFile(string path)
    {
        BeforeStep?.Invoke(path);
        files.DeleteFile(path);
    }

    public void Rename(string from, string to) => files.Rename(from, to);

    public void SyncDirectory(string directory)
    {
        BeforeStep?.Invoke(directory);
        files.SyncDirectory(directory);
    }

    public void Reserve(string path, int size, long zeroFrom = -1) => files.Reserve(path, size, zeroFrom);

    public IMappedFile Map(string path, int size) => files.Map(path, size);

    public IRandomFile Open(string path) => files.Open(path);

    public DiskRoom Room(string directory) => files.Room(directory);

    public IDisposable Lock(string path) => files.Lock(path);
}
