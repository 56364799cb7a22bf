using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compatibility;

/// <summary><c>consumequeue_ext/</c>, by bytes that were worked out by hand: no sample has it.</summary>
public sealed class ConsumeQueueExtTests
{
    private const string Entries = "/store/consumequeue/topic/0/00000000000000000000";
    private const string First = "/store/consumequeue_ext/topic/0/00000000000000000000";
    private const string Second = "/store/consumequeue_ext/topic/0/00000000000000065536";
    private const int TagHashOfTag = 114586;

    [Fact]
    public void A_unit_has_the_bytes_worked_out_by_hand()
    {
        var bytes = new byte[22];
        new ExtUnit(TagHashOfTag, 0x0102030405060708, [0xA0, 0x0B]).Write(bytes);
        Assert.Equal("0016" + "000000000001BF9A" + "0102030405060708" + "0002" + "A00B", Convert.ToHexString(bytes));
        Assert.True(ExtUnit.TryRead(bytes, out var unit));
        Assert.Equal(TagHashOfTag, unit.TagsCode);
        Assert.Equal(0x0102030405060708, unit.StoreTimestamp);
        Assert.Equal([0xA0, 0x0B], unit.BitMap.ToArray());
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(ExtUnit.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void Addresses_are_where_no_hash_of_a_tag_is()
    {
        Assert.Equal(long.MinValue, ExtAddress.Of(0));
        Assert.Equal(unchecked((long)0x8000000000000014), ExtAddress.Of(20));
        Assert.Equal(20, ExtAddress.ToOffset(unchecked((long)0x8000000000000014)));
        Assert.False(ExtAddress.Is(int.MinValue));
        Assert.True(ExtAddress.Is(int.MinValue - 1L));
        Assert.Equal(0x7FFFFFFF7FFFFFFF, ExtAddress.MaxOffset);
    }

    [Fact]
    public async Task Entries_carry_addresses_and_are_read_with_their_tag_codes()
    {
        var files = new FaultyFileSystem(1);
        await using var store = await FilledAsync(files, 3);
        AssertTags(store, 3);
        Assert.True(store.WriteCheckpoint());
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(long.MinValue + (20 * i), BinaryPrimitives.ReadInt64BigEndian(files.Content(Entries).AsSpan((20 * i) + 12)));
            var unit = files.Content(First).AsSpan(20 * i, 20);
            Assert.Equal("0014000000000001BF9A", Convert.ToHexString(unit[..10]));
            Assert.Equal("0000", Convert.ToHexString(unit[18..]));
            Assert.Equal(RecordError.None, MessageRecord.TryRead(files.Content("/store/commitlog/00000000000000000000").AsSpan((int)BinaryPrimitives.ReadInt64BigEndian(files.Content(Entries).AsSpan(20 * i))), out var record));
            Assert.Equal(record.StoreTimestamp, BinaryPrimitives.ReadInt64BigEndian(unit[10..]));
        }

        Assert.Equal(65536, files.Content(First).Length);
    }

    [Fact]
    public async Task A_full_file_ends_in_a_size_of_minus_one()
    {
        // 65536 - 4 bytes hold 3276 units of 20; 12 bytes are left for the mark and nothing else.
        var files = new FaultyFileSystem(1);
        await using var store = await FilledAsync(files, 3280);
        AssertTags(store, 3280);
        Assert.True(store.WriteCheckpoint());
        Assert.Equal("FFFF00", Convert.ToHexString(files.Content(First).AsSpan(3276 * 20, 3)));
        Assert.Equal("0014000000000001BF9A", Convert.ToHexString(files.Content(Second).AsSpan(0, 10)));
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        Assert.True(queue.TryReadAsIs(3276, out var entry));
        Assert.Equal(long.MinValue + 65536, entry.TagsCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_crash_the_extension_goes_on_behind_the_last_entry(bool powerLoss)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var files = new FaultyFileSystem(seed);
            var store = await FilledAsync(files, 100);
            Assert.True(store.WriteCheckpoint());
            for (var i = 0; i < 50; i++)
                store.Append("topic", 0, "more", "tag");
            await store.WaitDispatchedAsync().Within("dispatched");
            files.Crash(powerLoss);
            await store.DisposeAsync();

            // The option is not needed any more: the directory has an extension.
            await using var again = MessageStore.Open(Options(enabled: false), new FaultyProcess(files));
            again.Append("topic", 0, "next", "tag");
            await again.WaitDispatchedAsync().Within("dispatched");
            Assert.True(again.TryGetQueue("topic", 0, out var queue));
            AssertTags(again, (int)queue.MaxOffset);
            for (var offset = 0L; offset < queue.MaxOffset; offset++)
            {
                Assert.True(queue.TryReadAsIs(offset, out var entry));
                Assert.Equal(ExtAddress.Of(offset * 20), entry.TagsCode);
            }

            Assert.True(again.WriteCheckpoint());
            Assert.True(files.Content(First).AsSpan((int)queue.MaxOffset * 20).IndexOfAnyExcept((byte)0) < 0);
        }
    }

    [Fact]
    public async Task A_lost_extension_is_no_lost_message_and_no_lost_tag()
    {
        var files = new FaultyFileSystem(1);
        await using (await FilledAsync(files, 20))
        {
        }

        files.DeleteFile(First);
        await using var again = MessageStore.Open(Options(enabled: false), new FaultyProcess(files));
        AssertTags(again, 20);
    }

    [Fact]
    public async Task Without_its_extension_a_delayed_message_is_due_when_it_was()
    {
        var files = new FaultyFileSystem(1);
        long due;
        await using (var store = MessageStore.Open(Options(enabled: true), new FaultyProcess(files)))
        {
            var properties = new byte[64];
            var writer = new PropertyTextWriter(properties);
            writer.TryAdd("DELAY", "4");
            writer.TryAdd("TAGS", "tag");
            store.Append(new MessageToStore { Topic = "SCHEDULE_TOPIC_XXXX"u8, QueueId = 3, Body = "later"u8, Properties = writer.Written });
            await store.WaitDispatchedAsync().Within("dispatched");
            Assert.True(store.TryGetQueue("SCHEDULE_TOPIC_XXXX", 3, out var queue));
            Assert.True(queue.TryReadEntry(0, out var entry));
            due = entry.TagsCode;
            using var lease = store.ReadRecord(entry.PhysicalOffset);
            Assert.True(lease.TryRead(out var record));
            Assert.Equal(record.StoreTimestamp + 30_000, due);
        }

        files.DeleteFile("/store/consumequeue_ext/SCHEDULE_TOPIC_XXXX/3/00000000000000000000");
        await using var again = MessageStore.Open(Options(enabled: false), new FaultyProcess(files));
        Assert.True(again.TryGetQueue("SCHEDULE_TOPIC_XXXX", 3, out var found));
        Assert.True(found.TryReadEntry(0, out var kept));
        Assert.Equal(due, kept.TagsCode);
    }

    [Fact]
    public async Task A_rebuild_writes_the_same_extension()
    {
        var files = new FaultyFileSystem(1);
        await using (await FilledAsync(files, 200))
        {
        }

        var before = (files.Content(First), files.Content(Entries));
        var options = Options(enabled: false);
        options.Rebuild = true;
        await using (MessageStore.Open(options, new FaultyProcess(files)))
        {
        }

        Assert.Equal(before.Item1, files.Content(First));
        Assert.Equal(before.Item2, files.Content(Entries));
    }

    private static void AssertTags(MessageStore store, int count)
    {
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        Assert.Equal(count, queue.MaxOffset);
        var entries = new QueueEntry[count];
        var read = 0;
        while (read < count)
        {
            var more = queue.ReadEntries(read, entries.AsSpan(read));
            Assert.True(more > 0);
            read += more;
        }

        Assert.All(entries, entry => Assert.Equal(TagHashOfTag, entry.TagsCode));
    }

    private static async Task<MessageStore> FilledAsync(FaultyFileSystem files, int count)
    {
        var store = MessageStore.Open(Options(enabled: true), new FaultyProcess(files));
        for (var i = 0; i < count; i++)
            store.Append("topic", 0, "body", "tag");
        await store.WaitDispatchedAsync().Within("dispatched");
        return store;
    }

    private static StoreOptions Options(bool enabled)
    {
        var options = StoreKit.Small("/store");
        options.QueueFileEntries = 4096;
        options.SegmentSize = 1 << 20;
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        options.ConsumeQueueExtension = enabled;
        options.ConsumeQueueExtensionFileSize = 65536;
        return options;
    }
}
