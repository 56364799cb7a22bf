using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compatibility;

/// <summary>Directories that Apache RocketMQ wrote open with every record and every queue entry.</summary>
public sealed class ApacheStoreTests
{
    public static TheoryData<string> Samples => ["498", "533", "498-running", "533-running"];

    [Theory, MemberData(nameof(Samples))]
    public async Task Every_record_of_an_Apache_store_is_read_field_by_field(string sample)
    {
        using var expected = Expected(sample);
        using var temp = Copy(sample);
        await using var store = MessageStore.Open(Options(temp));
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        var count = 0;
        foreach (var record in expected.RootElement.GetProperty("commitlog").EnumerateArray())
        {
            if (!record.TryGetProperty("topic", out _))
                continue;
            Assert.True(reader.TryReadNext(out var actual));
            Compare(record, actual);
            count++;
        }

        Assert.False(reader.TryReadNext(out _));
        Assert.True(count > 700);
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task Every_queue_entry_of_an_Apache_store_is_read(string sample)
    {
        using var expected = Expected(sample);
        using var temp = Copy(sample);
        await using var store = MessageStore.Open(Options(temp));
        AssertQueues(expected, store);
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task Queues_made_again_from_an_Apache_log_are_equal_byte_for_byte(string sample)
    {
        using var temp = Copy(sample);
        Directory.Delete(temp["store/consumequeue"], recursive: true);
        File.Delete(temp["store/checkpoint"]);
        await using (MessageStore.Open(Options(temp)))
        {
        }

        var original = Path.Combine(StoreKit.Golden, sample, "consumequeue");
        foreach (var file in Directory.GetFiles(original, "*", SearchOption.AllDirectories))
        {
            var made = temp["store/consumequeue" + file[original.Length..]];
            Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(made));
        }
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task Opening_and_closing_leaves_the_log_of_an_Apache_store_as_it_was(string sample)
    {
        using var temp = Copy(sample);
        await using (MessageStore.Open(Options(temp)))
        {
        }

        foreach (var file in Directory.GetFiles(temp["store/commitlog"]))
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(StoreKit.Golden, sample, "commitlog", Path.GetFileName(file))), await File.ReadAllBytesAsync(file));
        Assert.False(File.Exists(temp["store/abort"]));
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task Messages_appended_to_an_Apache_store_follow_its_queue_offsets(string sample)
    {
        using var temp = Copy(sample);
        long before;
        await using (var store = MessageStore.Open(Options(temp)))
        {
            Assert.True(store.TryGetQueue("T_one", 0, out var queue));
            before = queue.MaxOffset;
            Assert.Equal(700, before);
            var result = store.Append("T_one", 0, "next");
            Assert.Equal(before, result.QueueOffset);
            await store.WaitDispatchedAsync();
        }

        await using var again = MessageStore.Open(Options(temp));
        Assert.Empty(again.Repairs);
        Assert.True(again.TryGetQueue("T_one", 0, out var reopened));
        Assert.Equal(before + 1, reopened.MaxOffset);
    }

    [Theory, MemberData(nameof(Samples))]
    public void The_writer_makes_the_bytes_that_Apache_made(string sample)
    {
        using var expected = Expected(sample);
        foreach (var json in expected.RootElement.GetProperty("commitlog").EnumerateArray())
        {
            if (!json.TryGetProperty("topic", out _))
                continue;
            var file = File.ReadAllBytes(Path.Combine(StoreKit.Golden, sample, "commitlog", json.GetProperty("file").GetString()!));
            var original = file.AsSpan(json.GetProperty("pos").GetInt32(), json.GetProperty("size").GetInt32());
            Assert.Equal(RecordError.None, MessageRecord.TryRead(original, out var record));
            var fields = new MessageRecordFields
            {
                BodyCrc = BodyCrc32.Compute(record.Body),
                QueueId = record.QueueId,
                Flag = record.Flag,
                QueueOffset = record.QueueOffset,
                PhysicalOffset = record.PhysicalOffset,
                SysFlag = record.SysFlag,
                BornTimestamp = record.BornTimestamp,
                BornHost = record.BornHost,
                StoreTimestamp = record.StoreTimestamp,
                StoreHost = record.StoreHost,
                ReconsumeTimes = record.ReconsumeTimes,
                PreparedTransactionOffset = record.PreparedTransactionOffset,
                Body = record.Body,
                Topic = record.Topic,
                Properties = record.Properties,
            };
            var written = new byte[MessageRecordWriter.Size(fields)];
            MessageRecordWriter.Write(written, fields);
            Assert.Equal(original.ToArray(), written);
        }
    }

    private static void AssertQueues(JsonDocument expected, MessageStore store)
    {
        var found = new Dictionary<(string Topic, int QueueId), List<QueueEntry>>();
        foreach (var file in expected.RootElement.GetProperty("consumequeue").EnumerateObject())
        {
            var parts = file.Name.Split('/');
            var key = (parts[0], int.Parse(parts[1], null));
            if (!found.TryGetValue(key, out var entries))
                found.Add(key, entries = []);
            foreach (var entry in file.Value.GetProperty("entries").EnumerateArray())
                entries.Add(new QueueEntry(entry[0].GetInt64(), entry[1].GetInt32(), entry[2].GetInt64()));
        }

        foreach (var (key, entries) in found)
        {
            Assert.True(store.TryGetQueue(key.Topic, key.QueueId, out var queue));
            Assert.Equal(0, queue.MinOffset);
            Assert.Equal(entries.Count, queue.MaxOffset);
            var read = new QueueEntry[entries.Count];
            var count = 0;
            while (count < read.Length)
                count += queue.ReadEntries(count, read.AsSpan(count));
            Assert.Equal(entries, read);
        }
    }

    private static void Compare(JsonElement expected, in MessageRecord actual)
    {
        Assert.Equal(expected.GetProperty("size").GetInt32(), actual.Size);
        Assert.Equal(expected.GetProperty("kind").GetString() == "V2", actual.IsV2);
        Assert.Equal(expected.GetProperty("bodyCrc").GetInt32(), actual.BodyCrc);
        Assert.True(actual.CrcMatches);
        Assert.Equal(expected.GetProperty("queueId").GetInt32(), actual.QueueId);
        Assert.Equal(expected.GetProperty("flag").GetInt32(), actual.Flag);
        Assert.Equal(expected.GetProperty("queueOffset").GetInt64(), actual.QueueOffset);
        Assert.Equal(expected.GetProperty("physicalOffset").GetInt64(), actual.PhysicalOffset);
        Assert.Equal(expected.GetProperty("sysFlag").GetInt32(), actual.SysFlag);
        Assert.Equal(expected.GetProperty("bornTimestamp").GetInt64(), actual.BornTimestamp);
        Assert.Equal(expected.GetProperty("bornHost").GetString(), actual.BornHost.ToString());
        Assert.Equal(expected.GetProperty("storeTimestamp").GetInt64(), actual.StoreTimestamp);
        Assert.Equal(expected.GetProperty("storeHost").GetString(), actual.StoreHost.ToString());
        Assert.Equal(expected.GetProperty("reconsumeTimes").GetInt32(), actual.ReconsumeTimes);
        Assert.Equal(expected.GetProperty("preparedTransactionOffset").GetInt64(), actual.PreparedTransactionOffset);
        Assert.Equal(expected.GetProperty("bodyLen").GetInt32(), actual.Body.Length);
        Assert.Equal(expected.GetProperty("topic").GetString(), actual.TopicString);
        Assert.Equal(expected.GetProperty("properties").GetString(), Encoding.UTF8.GetString(actual.Properties));
    }

    private static JsonDocument Expected(string sample) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(StoreKit.Golden, sample + ".expected.json")));

    /// <summary>The brokers of the recording had delay levels of 1 s, 2 s and 3 s.</summary>
    private static StoreOptions Options(TempDirectory temp) => new()
    {
        Directory = temp["store"],
        QueueFileEntries = 300,
        IndexSlots = 200,
        IndexEntries = 400,
        DelayLevels = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)],
    };

    private static TempDirectory Copy(string sample)
    {
        var temp = new TempDirectory("store");
        StoreKit.CopyDirectory(Path.Combine(StoreKit.Golden, sample), temp["store"]);
        return temp;
    }
}
