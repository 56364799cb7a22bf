using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compaction;

public sealed class CompactedTopicsTests
{
    private readonly FaultyFileSystem _files = new(1);
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task The_latest_record_of_a_key_is_found_as_soon_as_it_is_dispatched()
    {
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        Assert.Null(store.Latest("a"));
        for (var i = 0; i < 50; i++)
        {
            store.Put("a", $"a{i}");
            await store.WaitDispatchedAsync();
            Assert.Equal($"a{i}", store.Latest("a"));
        }

        store.Put("b", "b");
        store.Put("a", null);
        await store.WaitDispatchedAsync();
        Assert.Null(store.Latest("a"));
        Assert.Equal("b", store.Latest("b"));
        Assert.Equal([(50L, "b")], store.AllLatest());
        Assert.Equal(1, store.CompactedTopics.All.Single().Keys);
    }

    [Fact]
    public async Task Retention_keeps_the_latest_records_and_their_offsets_and_drops_what_was_overwritten()
    {
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        foreach (var value in new[] { "1", "2", "3" })
        {
            store.Put("a", "a" + value);
            store.Put("b", "b" + value);
        }

        store.Put("c", "c");
        await store.Fill(3);
        store.DeleteHead();
        Assert.True(store.MinPhysicalOffset > 0);
        Assert.Equal("a3", store.Latest("a"));
        Assert.Equal("c", store.Latest("c"));
        Assert.Equal([(4L, "a3"), (5L, "b3"), (6L, "c")], store.Pull(0));
        Assert.True(store.CompactedTopics.TryGetQueue(CompactionKit.Topic, 0, out var queue));
        Assert.Equal(4, queue.MinOffset);
        Assert.Equal(7, queue.FilesEnd);

        store.Put("a", "a4");
        store.Put("b", "b4");
        await store.Fill(2);
        Assert.Equal([(4L, "a3"), (5L, "b3"), (6L, "c"), (7L, "a4"), (8L, "b4")], store.Pull(0));
        store.DeleteHead();
        Assert.Equal([(6L, "c"), (7L, "a4"), (8L, "b4")], store.Pull(0));
        Assert.Equal([(7L, "a4"), (8L, "b4")], store.Pull(7));
        Assert.Equal([(6L, "c"), (7L, "a4"), (8L, "b4")], store.AllLatest());
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart_with_and_without_the_snapshot()
    {
        await using (var store = Open())
        {
            store.CompactedTopics.Add(CompactionKit.Topic);
            for (var i = 0; i < 300; i++)
                store.Put($"k{i % 70}", $"v{i}");
            await store.Fill(2);
            store.DeleteHead();
            store.Put("k3", "new");
            store.Put("k4", null);
        }

        for (var round = 0; round < 3; round++)
        {
            await using var store = Open(rebuild: round == 2);
            Assert.Equal("new", store.Latest("k3"));
            Assert.Null(store.Latest("k4"));
            Assert.Equal("v285", store.Latest("k5"));
            Assert.Equal(69, store.AllLatest().Count);
            if (round == 0)
                _files.DeleteFile("/store/compaction/table/0/keys");
        }
    }

    [Fact]
    public async Task Queue_offsets_go_on_behind_the_files_though_the_queue_is_lost()
    {
        await using (var store = Open())
        {
            store.CompactedTopics.Add(CompactionKit.Topic);
            for (var i = 0; i < 100; i++)
                store.Put($"k{i % 10}", $"v{i}");
            await store.Fill(2);
            store.DeleteHead();
        }

        foreach (var path in _files.Paths.Where(path => path.StartsWith("/store/consumequeue/table", StringComparison.Ordinal)))
            _files.DeleteFile(path);
        for (var round = 0; round < 3; round++)
        {
            await using var store = Open();
            Assert.Equal(100 + round, store.Put("k3", $"new {round}").QueueOffset);
            await store.WaitDispatchedAsync();
            Assert.Equal($"new {round}", store.Latest("k3"));
            Assert.Equal("v94", store.Latest("k4"));
            Assert.Equal(10, store.AllLatest().Count);
        }
    }

    [Fact]
    public async Task A_tombstone_is_read_for_its_time_and_then_goes()
    {
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        store.Put("a", "a");
        await store.Fill(2);
        store.DeleteHead();
        store.Put("a", null);
        await store.Fill(2);
        store.DeleteHead();
        Assert.Equal([(1L, "")], store.Pull(0));
        Assert.Null(store.Latest("a"));
        _clock.Advance(TimeSpan.FromHours(25));
        store.Put("b", "b");
        await store.Fill(2);
        store.DeleteHead();
        Assert.Equal([(2L, "b")], store.Pull(0));
        Assert.Equal(0, Queue(store).Tombstones);
    }

    [Fact]
    public async Task A_mark_says_whether_a_record_removes_its_key_and_without_one_an_empty_body_does()
    {
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        foreach (var key in new[] { "a", "b", "c", "d" })
            store.Put(key, key);
        store.Put("a", null);
        store.Put("b", "with a body", mark: "1");
        store.Put("c", null, mark: "0");
        await store.WaitDispatchedAsync();
        Assert.Null(store.Latest("a"));
        Assert.Null(store.Latest("b"));
        Assert.Equal("", store.Latest("c"));
        Assert.Equal("d", store.Latest("d"));
    }

    [Fact]
    public async Task A_topic_that_becomes_compacted_brings_its_records_along()
    {
        await using var store = Open();
        for (var i = 0; i < 100; i++)
            store.Put($"k{i % 10}", $"v{i}");
        store.Put(null, "no key");
        await store.WaitDispatchedAsync();
        Assert.Null(store.Latest("k1"));
        store.CompactedTopics.Add(CompactionKit.Topic);
        Assert.Equal("v91", store.Latest("k1"));
        await store.Fill(2);
        store.DeleteHead();
        Assert.Equal(Enumerable.Range(90, 10).Select(i => ((long)i, $"v{i}")), store.Pull(0));
        Assert.Equal(101, Queue(store).FilesEnd);
    }

    [Fact]
    public async Task A_topic_that_is_no_longer_compacted_has_no_files_and_loses_its_records_to_retention()
    {
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        store.Put("a", "a");
        await store.Fill(2);
        store.DeleteHead();
        Assert.Contains(_files.Paths, path => path.StartsWith("/store/compaction/table/0/", StringComparison.Ordinal));
        store.CompactedTopics.Remove(CompactionKit.Topic);
        Assert.Null(store.Latest("a"));
        Assert.DoesNotContain(_files.Paths, path => path.StartsWith("/store/compaction/table/0/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_left_of_files_of_a_topic_that_was_removed_gives_no_key_back(bool restart)
    {
        var store = Open();
        await store.FillTable(5);
        store.DeleteHead();
        var fault = _files.Add(new Fault(FileCall.Delete, "/compaction/table/", times: 1));
        Assert.Throws<IOException>(() => store.CompactedTopics.Remove(CompactionKit.Topic));
        Assert.Equal(1, fault.Hits);
        if (restart)
        {
            await store.DisposeAsync();
            store = Open();
            Assert.DoesNotContain(_files.Paths, path => path.Contains("/compaction/table/", StringComparison.Ordinal));
        }

        store.Put("k1", "overwritten");
        store.Put("k2", null);
        await store.Fill(2);
        store.DeleteHead();
        store.CompactedTopics.Add(CompactionKit.Topic);
        Assert.Empty(store.AllLatest());
        store.Put("k1", "new");
        await store.Fill(2);
        store.DeleteHead();
        Assert.Equal(["new"], store.AllLatest().Select(record => record.Body));
        await store.DisposeAsync();
        await using var again = Open();
        Assert.Equal(["new"], again.AllLatest().Select(record => record.Body));
    }

    [Fact]
    public void A_file_that_is_deleted_while_a_reader_opens_it_is_not_made_again()
    {
        const string Path = "/store/compaction/table/0/file";
        _files.Put(Path, new byte[100]);
        using var handles = new ProtoBridgeMQ.Store.Compaction.FileHandles(_files, 4);
        _files.Looked = _files.DeleteFile;
        Assert.Equal(-1, handles.Read(Path, new byte[10], 0));
        Assert.DoesNotContain(Path, _files.Paths);
    }

    [Fact]
    public async Task Keys_that_share_a_hash_are_told_apart_by_their_text()
    {
        var table = new ProtoBridgeMQ.Store.Compaction.KeyTable();
        for (var i = 0; i < 10; i++)
            table.Add(7, i, tombstone: false);
        Assert.Equal(4, table.OffsetOf(table.Find(7, 4L)));
        table.Remove(table.Find(7, 4L));
        Assert.Equal(-1, table.Find(7, 4L));
        Assert.Equal(9, table.Count);

        // Ten thousand keys and a table of 32 bits: the texts decide, whatever the hashes are.
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        for (var i = 0; i < 2000; i++)
            store.Put($"key {i}", $"{i}");
        await store.WaitDispatchedAsync();
        for (var i = 0; i < 2000; i++)
            Assert.Equal($"{i}", store.Latest($"key {i}"));
    }

    [Fact]
    public async Task A_full_disk_keeps_the_segments_until_there_is_room()
    {
        await using var store = Open();
        store.CompactedTopics.Add(CompactionKit.Topic);
        for (var i = 0; i < 20; i++)
            store.Put($"k{i}", $"v{i}");
        await store.Fill(3);
        var fault = _files.Add(new Fault(FileCall.Write, "/compaction/table/", effect: FaultEffect.DiskFull));
        store.DeleteHead();
        Assert.True(fault.Hits > 0);
        Assert.Equal(0, store.MinPhysicalOffset);
        Assert.Equal(20, store.AllLatest().Count);
        _files.ClearFaults();
        store.DeleteHead();
        Assert.True(store.MinPhysicalOffset > 0);
        Assert.Equal(20, store.AllLatest().Count);
        Assert.Equal("v7", store.Latest("k7"));
    }

    [Fact]
    public async Task A_key_takes_at_most_forty_bytes_of_heap()
    {
        await Task.CompletedTask;
        const int Keys = 1_000_000;
        var table = new ProtoBridgeMQ.Store.Compaction.KeyTable();

        // All that was ever allocated, arrays that were outgrown among it: the heap of the process has other tests in it.
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Keys; i++)
            table.Add((uint)i * 2654435761u, i, tombstone: false);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / (double)Keys, 1, 40);
        Assert.InRange(table.HeapBytes / (double)Keys, 1, 24.5);
    }

    private static ProtoBridgeMQ.Store.Compaction.CompactedQueue Queue(MessageStore store)
    {
        Assert.True(store.CompactedTopics.TryGetQueue(CompactionKit.Topic, 0, out var queue));
        return queue;
    }

    private MessageStore Open(bool rebuild = false)
    {
        var options = CompactionKit.Small();
        options.Rebuild = rebuild;
        return MessageStore.Open(options, _files, _clock);
    }
}
