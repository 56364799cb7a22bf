using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Compatibility;

/// <summary>Directories that we wrote, decoded field by field by readers that know nothing of the store's code.</summary>
public sealed class WrittenStoreTests
{
    [Fact]
    public async Task Checkpoint_abort_and_lock_have_the_fields_that_Apache_reads()
    {
        using var temp = new TempDirectory("store");
        AppendResult last = default;
        await using (var store = MessageStore.Open(StoreKit.Small(temp["store"])))
        {
            Assert.Equal(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), await File.ReadAllTextAsync(temp["store/abort"]));
            for (var i = 0; i < 10; i++)
                last = store.Append("topic", 0, "body", "tag");
            await store.WaitDispatchedAsync();
        }

        Assert.False(File.Exists(temp["store/abort"]));
        Assert.Equal("lock", await File.ReadAllTextAsync(temp["store/lock"]));
        var page = await File.ReadAllBytesAsync(temp["store/checkpoint"]);
        Assert.Equal(4096, page.Length);
        var log = await File.ReadAllBytesAsync(temp["store/commitlog/00000000000000000000"]);
        var stored = BinaryPrimitives.ReadInt64BigEndian(log.AsSpan((int)last.PhysicalOffset + 56));
        Assert.Equal(stored, Long(page, 0));
        Assert.Equal(stored, Long(page, 8));
        Assert.InRange(Long(page, 16), 0, stored);
        Assert.Equal(0, Long(page, 24));
        Assert.Equal(last.End.Value, Long(page, 32));
        Assert.Equal("PBMQCKPT", Encoding.ASCII.GetString(page, 64, 8));
        Assert.Equal(last.End.Value, Long(page, 72));
        Assert.Equal(page.AsSpan(0, 16).ToArray(), page.AsSpan(80, 16).ToArray());
        Assert.Equal("PBMQENDS", Encoding.ASCII.GetString(page, 104, 8));
        Assert.Equal(10, Long(page, 112));
        Assert.Equal(64, BinaryPrimitives.ReadInt32BigEndian(page.AsSpan(120)));
        Assert.Equal("PBMQHEAD", Encoding.ASCII.GetString(page, 128, 8));
        Assert.Equal(0, Long(page, 136));
        Assert.Equal("PBMQINDX", Encoding.ASCII.GetString(page, 152, 8));
        Assert.Equal(-1, Long(page, 160));
        Assert.Equal(-1, Long(page, 168));
        Assert.True(page.AsSpan(180).IndexOfAnyExcept((byte)0) < 0);
    }

    /// <summary>Runs where python3 is installed.</summary>
    [Fact]
    public async Task The_independent_reader_reads_what_we_wrote()
    {
        using var temp = new TempDirectory("store");
        var options = StoreKit.Small(temp["store"]);
        options.IndexSlots = 200;
        options.IndexEntries = 400;
        await using (var store = MessageStore.Open(options))
        {
            for (var i = 0; i < 150; i++)
                store.Append(i % 2 == 0 ? "even" : "odd", i % 3, new string('b', 700), i % 2 == 0 ? "a" : null);
            await store.WaitDispatchedAsync();
        }

        if (!await TryDumpAsync(temp["store"]))
            return;
        using var dump = JsonDocument.Parse(await File.ReadAllBytesAsync(temp["store.expected.json"]));
        var records = dump.RootElement.GetProperty("commitlog").EnumerateArray().Where(part => part.TryGetProperty("topic", out _)).ToList();
        Assert.Equal(150, records.Count);
        var queues = dump.RootElement.GetProperty("consumequeue");
        foreach (var record in records)
        {
            Assert.True(record.GetProperty("crcOk").GetBoolean());
            var file = $"{record.GetProperty("topic").GetString()}/{record.GetProperty("queueId").GetInt32()}/00000000000000000000";
            var entry = queues.GetProperty(file).GetProperty("entries")[(int)record.GetProperty("queueOffset").GetInt64()];
            Assert.Equal(record.GetProperty("physicalOffset").GetInt64(), entry[0].GetInt64());
            Assert.Equal(record.GetProperty("size").GetInt32(), entry[1].GetInt32());
            Assert.Equal(record.GetProperty("topic").GetString() == "even" ? 97 : 0, entry[2].GetInt64());
        }

        Assert.Equal(6, queues.EnumerateObject().Count());
        Assert.All(queues.EnumerateObject(), queue => Assert.Equal(64 * 20, queue.Value.GetProperty("fileBytes").GetInt32()));
        Assert.Equal(records[^1].GetProperty("storeTimestamp").GetInt64(), dump.RootElement.GetProperty("checkpoint").GetProperty("physicMsgTimestamp").GetInt64());
    }

    /// <summary>Topics of more than 127 bytes, IPv6 hosts, CRCs and keys. Runs where python3 is installed.</summary>
    [Fact]
    public async Task The_independent_reader_reads_both_versions_and_both_kinds_of_hosts()
    {
        var topics = new[] { "short", new string('t', 127), new string('t', 128), new string('ü', 100) };
        using var temp = new TempDirectory("store");
        var options = StoreKit.Small(temp["store"]);
        options.IndexSlots = 200;
        options.IndexEntries = 400;
        options.StoreHost = HostAddress.From(IPEndPoint.Parse("[2001:db8::2]:10911"));
        await using (var store = MessageStore.Open(options))
        {
            for (var i = 0; i < 40; i++)
                Append(store, topics[i % 4], i);
            await store.WaitDispatchedAsync();
        }

        if (!await TryDumpAsync(temp["store"]))
            return;
        using var dump = JsonDocument.Parse(await File.ReadAllBytesAsync(temp["store.expected.json"]));
        var records = dump.RootElement.GetProperty("commitlog").EnumerateArray().Where(part => part.TryGetProperty("topic", out _)).ToList();
        Assert.Equal(40, records.Count);
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            Assert.Equal((i % 4 < 2 ? "V1" : "V2", topics[i % 4]), (record.GetProperty("kind").GetString(), record.GetProperty("topic").GetString()));
            Assert.Equal(i % 2 == 0 ? 0x20 : 0x30, record.GetProperty("sysFlag").GetInt32() & 0x30);
            Assert.Equal(i % 2 == 0 ? "192.0.2.1:4711" : "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1:4711", record.GetProperty("bornHost").GetString());
            Assert.Equal("32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2:10911", record.GetProperty("storeHost").GetString());
            Assert.StartsWith($"KEYS\u0001k{i}\u0002__CRC32#\u0001", record.GetProperty("properties").GetString(), StringComparison.Ordinal);
            Assert.True(record.GetProperty("crcOk").GetBoolean());
        }

        // The reader shows the first entries of an index file.
        var index = Assert.Single(dump.RootElement.GetProperty("index").EnumerateArray());
        Assert.Equal(40 + (200 * 4) + (400 * 20), index.GetProperty("bytes").GetInt32());
        Assert.Equal(41, index.GetProperty("indexCount").GetInt32());
        foreach (var (entry, i) in index.GetProperty("entries").EnumerateArray().Select((entry, i) => (entry, i)))
            Assert.Equal((JavaHash($"{topics[i % 4]}#k{i}"), records[i].GetProperty("physicalOffset").GetInt64()), (entry[0].GetInt32(), entry[1].GetInt64()));
    }

    private static void Append(MessageStore store, string topic, int i)
    {
        var result = store.Append(new MessageToStore
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            QueueId = 0,
            Body = Encoding.UTF8.GetBytes($"body {i}"),
            Properties = Encoding.UTF8.GetBytes($"KEYS\u0001k{i}\u0002"),
            BornTimestamp = 1_700_000_000_000,
            BornHost = HostAddress.From(IPEndPoint.Parse(i % 2 == 0 ? "192.0.2.1:4711" : "[2001:db8::1]:4711")),
        });
        Assert.Equal(AppendStatus.Appended, result.Status);
    }

    /// <summary>Of String.hashCode, the absolute value; 0 where there is none.</summary>
    private static int JavaHash(string text)
    {
        var hash = text.Aggregate(0, static (hash, character) => unchecked((31 * hash) + character));
        return hash == int.MinValue ? 0 : Math.Abs(hash);
    }

    private static async Task<bool> TryDumpAsync(string directory)
    {
        try
        {
            using var python = Process.Start(new ProcessStartInfo("python3", [Path.Combine(StoreKit.Golden, "dump.py"), directory]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = await python.StandardError.ReadToEndAsync();
            await python.WaitForExitAsync();
            Assert.True(python.ExitCode == 0, errors);
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static long Long(byte[] page, int at) => BinaryPrimitives.ReadInt64BigEndian(page.AsSpan(at));
}
