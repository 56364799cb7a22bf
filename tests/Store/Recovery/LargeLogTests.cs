using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Checkpoints;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Recovery;

/// <summary>
/// Logs of segments of 1 GiB in files that are sparse: a record and a filler each. What a start looks at depends on what is
/// behind the checkpoint, not on the size of the log.
/// </summary>
public sealed class LargeLogTests
{
    private const int SegmentSize = 1 << 30;

    [Fact]
    public async Task A_log_of_100_GiB_is_opened_after_a_kill_by_what_one_of_1_GiB_is()
    {
        var (small, smallMapped) = await LookedAtAsync(segments: 1);
        var (large, largeMapped) = await LookedAtAsync(segments: 100);
        Assert.Equal(1, smallMapped);
        Assert.Equal(smallMapped, largeMapped);

        // Some more steps of the searches in the queue's file.
        Assert.InRange(large, 1, small + 4096);
    }

    /// <summary>What is read of files, and how many segments are mapped, when a killed store with some messages behind its checkpoint is opened.</summary>
    private static async Task<(long BytesRead, int Mapped)> LookedAtAsync(int segments)
    {
        using var temp = new TempDirectory("large");
        var end = Make(temp["store/commitlog"], segments);
        await File.WriteAllBytesAsync(temp["store/checkpoint"], CheckpointOf(end, segments));
        var files = new SparseFiles();
        byte[] checkpoint;
        await using (var store = MessageStore.Open(Options(temp), files))
        {
            Assert.Contains(store.Repairs, repair => repair.Name == "MissingQueueFiles");
            Assert.True(store.WriteCheckpoint());
            checkpoint = await File.ReadAllBytesAsync(temp["store/checkpoint"]);
            for (var i = 0; i < 5; i++)
                store.Append("topic", 0, "behind the checkpoint");
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        await File.WriteAllBytesAsync(temp["store/checkpoint"], checkpoint);
        await File.WriteAllTextAsync(temp["store/abort"], "1");
        var counting = new CountingFileSystem(files);
        await using var again = MessageStore.Open(Options(temp), counting);
        var looked = (counting.BytesRead, counting.Mapped.Distinct().Count(path => path.Contains("commitlog", StringComparison.Ordinal)));
        Assert.Equal(["UncleanStop", "MissingQueueTail"], again.Repairs.Select(repair => repair.Name));
        Assert.Equal((segments - 1L) * SegmentSize, again.Written.Value - (again.Written.Value % SegmentSize));
        Assert.Equal(segments + 5, again.Bodies("topic", 0).Count);
        return looked;
    }

    /// <summary>All of the log is known to be on the disk: nothing of it is written once more.</summary>
    private static byte[] CheckpointOf(long end, int messages)
    {
        var page = new byte[Checkpoint.Size];
        new Checkpoint { PhysicTimestamp = 1, LogicsTimestamp = 1, RecoverOffset = end, QueueEnds = messages, QueueFileEntries = 1000, IndexBegin = -1, IndexEnd = -1 }.Write(page);
        return page;
    }

    /// <summary>A record at the beginning of each segment; behind it a filler, but in the last one. Gives the end of the log.</summary>
    private static long Make(string directory, int segments)
    {
        Directory.CreateDirectory(directory);
        var end = 0L;
        for (var i = 0; i < segments; i++)
        {
            var fields = new MessageRecordFields
            {
                Topic = "topic"u8,
                Body = "body"u8,
                BodyCrc = BodyCrc32.Compute("body"u8),
                QueueOffset = i,
                PhysicalOffset = (long)i * SegmentSize,
                BornHost = HostAddress.Loopback(1),
                StoreHost = HostAddress.Loopback(2),
                BornTimestamp = 1_700_000_000_000 + i,
                StoreTimestamp = 1_700_000_000_000 + i,
            };
            var record = new byte[MessageRecordWriter.Size(fields)];
            MessageRecordWriter.Write(record, fields);
            end = fields.PhysicalOffset + record.Length;
            using var file = File.OpenHandle(Path.Combine(directory, LogFileName.Of((long)i * SegmentSize)), FileMode.CreateNew, FileAccess.Write);
            RandomAccess.Write(file, record, 0);
            if (i < segments - 1)
            {
                var filler = new byte[8];
                MessageRecordWriter.WriteBlank(filler, SegmentSize - record.Length);
                RandomAccess.Write(file, filler, record.Length);
            }

            RandomAccess.SetLength(file, SegmentSize);
        }

        return end;
    }

    private static StoreOptions Options(TempDirectory temp) => new()
    {
        Directory = temp["store"],
        SegmentSize = SegmentSize,
        CheckpointInterval = TimeSpan.FromMinutes(10),
        QueueFileEntries = 1000,
        IndexEnabled = false,
        ScrubBytesPerSecond = 0,
    };

    /// <summary>The real ones, but that the room of segments is not taken.</summary>
    private sealed class SparseFiles : IFileSystem
    {
        private readonly PhysicalFileSystem _files = PhysicalFileSystem.Instance;

        public bool FileExists(string path) => _files.FileExists(path);

        public IReadOnlyList<FileEntry> List(string directory) => _files.List(directory);

        public void CreateDirectory(string directory) => _files.CreateDirectory(directory);

        public void DeleteFile(string path) => _files.DeleteFile(path);

        public void Rename(string from, string to) => _files.Rename(from, to);

        public void SyncDirectory(string directory) => _files.SyncDirectory(directory);

        public void Reserve(string path, int size, long zeroFrom = -1)
        {
            using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
            if (zeroFrom >= 0 && zeroFrom < RandomAccess.GetLength(file))
                RandomAccess.SetLength(file, zeroFrom);
            RandomAccess.SetLength(file, size);
        }

        public IMappedFile Map(string path, int size) => new SparseMapping(_files.Map(path, size));

        public IRandomFile Open(string path) => _files.Open(path);

        public DiskRoom Room(string directory) => _files.Room(directory);

        public IDisposable Lock(string path) => _files.Lock(path);
    }

    /// <summary>Refuses what would make a sparse file a whole one.</summary>
    private sealed class SparseMapping(IMappedFile mapped) : IMappedFile
    {
        private const int Most = 1 << 20;

        public Memory<byte> Memory => mapped.Memory;

        public void Flush(int offset, int length) => mapped.Flush(offset, length);

        public void Rewrite(int offset, int length)
        {
            Assert.InRange(length, 0, Most);
            mapped.Rewrite(offset, length);
        }

        public void Dispose() => mapped.Dispose();
    }
}
