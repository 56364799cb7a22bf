using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Store.Recovery;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Integrity;

/// <summary>Damage that appears while the store is open: it is left out of every read, counted once, and the rest is read.</summary>
public sealed class DamagedReadTests
{
    private const string First = "/store/commitlog/00000000000000000000";

    [Fact]
    public async Task A_damaged_record_is_left_out_of_every_read_and_told_once()
    {
        var files = new FaultyFileSystem(1);
        using var readings = new StoreReadings("damaged");
        await using var store = await RepairTests.Filled(files, 10, close: false);
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        Assert.True(queue.TryReadEntry(4, out var entry));
        files.FlipBit(First, entry.PhysicalOffset + 200, 1);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(EntryReading.Damaged, store.ReadRecord(queue, 4, entry, out var lease));
            Assert.True(lease.IsEmpty);
            Assert.True(store.ReadRecord(entry.PhysicalOffset, entry.Size).IsEmpty);
            Assert.True(store.ReadRecord(entry.PhysicalOffset).IsEmpty);
            Assert.Equal(9, Walk(store));
        }

        var damage = Assert.Single(store.Integrity.Damages);
        Assert.Equal((DamageKind.Record, entry.PhysicalOffset, "topic", 0, 4L), (damage.Kind, damage.PhysicalOffset, damage.Topic, damage.QueueId, damage.QueueOffset));
        Assert.Equal(1, readings.Of(store, "damaged", "finder=Read"));
        store.Append("topic", 0, "more");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(10, Walk(store));
    }

    [Fact]
    public async Task Without_the_check_a_record_is_given_as_it_is()
    {
        var files = new FaultyFileSystem(1);
        await using (await RepairTests.Filled(files, 10, close: true))
        {
        }

        files.FlipBit(First, 200, 1);
        var options = StoreKit.Small("/store");
        options.CheckCrcOnRead = false;
        await using var store = MessageStore.Open(options, new FaultyProcess(files));
        Assert.False(store.ReadRecord(0).IsEmpty);
        Assert.Equal(10, Walk(store));
    }

    [Fact]
    public async Task What_is_remembered_of_damage_is_limited()
    {
        var files = new FaultyFileSystem(1);
        await using (await RepairTests.Filled(files, 20, close: true))
        {
        }

        var options = StoreKit.Small("/store");
        options.MaxDamagesKept = 5;
        await using var store = MessageStore.Open(options, new FaultyProcess(files));
        Assert.True(store.TryGetQueue("topic", 0, out var queue));
        for (var i = 0; i < 10; i++)
        {
            queue.TryReadEntry(i, out var entry);
            files.FlipBit(First, entry.PhysicalOffset + 100, 0);
        }

        Assert.Equal(10, Walk(store));
        Assert.Equal(5, store.Integrity.Damages.Count);
        Assert.Equal(10, store.Integrity.DamageCount);
    }

    [Fact]
    public async Task Records_without_a_crc_of_their_own_are_checked_by_that_of_their_body()
    {
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.RecordCrc = false;
        await using var store = MessageStore.Open(options, files);
        var first = store.Append("topic", 0, "first body");
        store.Append("topic", 0, "second");
        await store.WaitDispatchedAsync().Within("dispatched");
        using (var lease = store.ReadRecord(first.PhysicalOffset))
        {
            Assert.True(lease.TryRead(out var record));
            Assert.False(record.HasCrc);
            Assert.Equal("first body", Encoding.UTF8.GetString(record.Body));
            files.FlipBit(First, record.BodyAt, 0);
        }

        Assert.True(store.ReadRecord(first.PhysicalOffset).IsEmpty);
        Assert.Equal(1, Walk(store));
    }

    [Fact]
    public async Task A_message_that_is_stored_again_has_the_crc_of_its_new_record_alone()
    {
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1));
        store.Append(new MessageToStore
        {
            Topic = "topic"u8,
            QueueId = 0,
            Body = "body"u8,
            Properties = "A\u00011\u0002__CRC32#\u00010123456789\u0002B\u00012\u0002"u8,
            BornHost = HostAddress.Loopback(1),
        });
        await store.WaitDispatchedAsync().Within("dispatched");
        using var lease = store.ReadRecord(0);
        Assert.True(lease.TryRead(out var record));
        Assert.True(record.HasCrc && record.CrcMatches);
        Assert.Equal("A\u00011\u0002B\u00012\u0002", Encoding.ASCII.GetString(record.Properties));
    }

    [Fact]
    public async Task Properties_that_leave_no_room_for_the_crc_are_refused()
    {
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1));
        Assert.Equal(AppendStatus.Appended, Append(store, MessageRecord.MaxProperties - RecordCrc.Size).Status);
        Assert.Equal(AppendStatus.PropertiesTooLarge, Append(store, MessageRecord.MaxProperties - RecordCrc.Size + 1).Status);
    }

    private static AppendResult Append(MessageStore store, int properties)
    {
        var text = Encoding.ASCII.GetBytes($"A\u0001{new string('x', properties - 3)}\u0002");
        return store.Append(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = "b"u8, Properties = text });
    }

    private static int Walk(MessageStore store)
    {
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        var count = 0;
        while (reader.TryReadNext(out _))
            count++;
        Assert.Equal(store.Dispatched.Value, reader.Position);
        return count;
    }
}
