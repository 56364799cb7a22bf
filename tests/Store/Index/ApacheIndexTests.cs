using System.Globalization;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>Index files that Apache RocketMQ wrote are read, and those made from its log are equal to them.</summary>
public sealed class ApacheIndexTests
{
    private const int Slots = 200;

    public static TheoryData<string> Samples => ["498", "533", "498-running", "533-running"];

    [Theory, MemberData(nameof(Samples))]
    public void Every_header_and_entry_that_an_independent_reader_found_is_read(string sample)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(StoreKit.Golden, sample + ".expected.json")));
        var count = 0;
        foreach (var json in expected.RootElement.GetProperty("index").EnumerateArray())
        {
            var path = Path.Combine(StoreKit.Golden, sample, "index", json.GetProperty("file").GetString()!);
            var content = IndexKit.Read(File.ReadAllBytes(path), Slots);
            Assert.Equal(json.GetProperty("beginTimestamp").GetInt64(), content.Header.BeginTimestamp);
            Assert.Equal(json.GetProperty("endTimestamp").GetInt64(), content.Header.EndTimestamp);
            Assert.Equal(json.GetProperty("beginPhyOffset").GetInt64(), content.Header.BeginOffset);
            Assert.Equal(json.GetProperty("endPhyOffset").GetInt64(), content.Header.EndOffset);
            Assert.Equal(json.GetProperty("hashSlotCount").GetInt32(), content.Header.UsedSlots);
            Assert.Equal(json.GetProperty("indexCount").GetInt32(), content.Header.Count);
            var index = 0;
            foreach (var entry in json.GetProperty("entries").EnumerateArray())
                Assert.Equal(new IndexEntry(entry[0].GetInt32(), entry[1].GetInt64(), entry[2].GetInt32(), entry[3].GetInt32()), content.Entries[index++]);
            Assert.True(index > 0);
            count++;
        }

        Assert.Equal(3, count);
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task Every_key_of_every_record_is_found_in_the_index_of_an_Apache_store(string sample)
    {
        using var temp = Copy(sample);
        await using var store = MessageStore.Open(Options(temp));
        AssertEveryKeyIsFound(store);
    }

    [Theory, InlineData("498"), InlineData("533")]
    public async Task The_index_of_a_closed_Apache_store_is_kept_as_it_is(string sample)
    {
        using var temp = Copy(sample);
        await using (var store = MessageStore.Open(Options(temp)))
            Assert.DoesNotContain(store.Repairs, repair => repair.Name.Contains("Index", StringComparison.Ordinal));
        var kept = IndexKit.Files(temp["store"]);
        Assert.Equal(3, kept.Length);
        foreach (var file in kept)
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(StoreKit.Golden, sample, "index", Path.GetFileName(file))), await File.ReadAllBytesAsync(file));
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task An_index_built_from_an_Apache_log_is_equal_byte_for_byte(string sample)
    {
        using var temp = Copy(sample);
        Directory.Delete(temp["store/index"], recursive: true);
        var options = Options(temp);
        options.Rebuild = true;
        await using (MessageStore.Open(options))
        {
        }

        AssertEqualToApache(sample, temp);
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task Rebuild_replaces_the_index_that_is_there(string sample)
    {
        using var temp = Copy(sample);
        var options = Options(temp);
        options.Rebuild = true;
        await using (MessageStore.Open(options))
        {
        }

        var old = Directory.GetFiles(Path.Combine(StoreKit.Golden, sample, "index")).Select(Path.GetFileName);
        Assert.Empty(old.Intersect(IndexKit.Files(temp["store"]).Select(Path.GetFileName)));
        AssertEqualToApache(sample, temp);
    }

    [Theory, InlineData("498-running"), InlineData("533-running")]
    public async Task Of_an_Apache_store_that_was_not_closed_files_behind_its_checkpoint_are_made_again(string sample)
    {
        using var temp = Copy(sample);
        await using (var store = MessageStore.Open(Options(temp)))
            Assert.Contains(store.Repairs, repair => repair.Name == "LostIndexFile");
        AssertEqualToApache(sample, temp);
        await using var again = MessageStore.Open(Options(temp));
        Assert.Empty(again.Repairs);
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task A_directory_keeps_the_sizes_of_its_index_files(string sample)
    {
        using var temp = Copy(sample);
        var options = Options(temp);
        options.IndexSlots = 7;
        options.IndexEntries = 1000;
        await using (var store = MessageStore.Open(options))
        {
            for (var i = 0; i < 500; i++)
                store.AppendKeyed("T_new", $"k{i}");
            await store.WaitDispatchedAsync().Within("dispatched");
            AssertEveryKeyIsFound(store);
        }

        var files = IndexKit.Files(temp["store"]);
        Assert.True(files.Length >= 4);
        Assert.All(files, file => Assert.Equal(8840, new FileInfo(file).Length));
    }

    [Fact]
    public async Task One_file_that_is_not_full_tells_its_layout()
    {
        using var temp = Copy("498");
        foreach (var file in IndexKit.Files(temp["store"])[..2])
            File.Delete(file);
        var options = Options(temp);
        options.IndexSlots = 7;
        options.IndexEntries = 1000;
        await using var store = MessageStore.Open(options);
        Assert.DoesNotContain(store.Repairs, repair => repair.Name.Contains("Index", StringComparison.Ordinal));
        Assert.Single(IndexKit.Files(temp["store"]));
    }

    private static void AssertEqualToApache(string sample, TempDirectory temp)
    {
        var originals = Directory.GetFiles(Path.Combine(StoreKit.Golden, sample, "index")).Order(StringComparer.Ordinal).ToArray();
        var made = IndexKit.Files(temp["store"]);
        Assert.Equal(originals.Length, made.Length);
        for (var i = 0; i < made.Length; i++)
        {
            var expected = IndexKit.Read(File.ReadAllBytes(originals[i]), Slots);
            var actual = IndexKit.Read(File.ReadAllBytes(made[i]), Slots);
            Assert.Equal(expected.Header, actual.Header);
            Assert.Equal(expected.Entries, actual.Entries);
            Assert.Equal(expected.Slots, actual.Slots);
            Assert.Equal(File.ReadAllBytes(originals[i]), File.ReadAllBytes(made[i]));
        }
    }

    private static void AssertEveryKeyIsFound(MessageStore store)
    {
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        var found = 0;
        while (reader.TryReadNext(out var record))
        {
            if ((record.SysFlag & MessageSysFlag.TransactionMask) == MessageSysFlag.TransactionRollback)
                continue;
            var topic = record.TopicString;
            var keys = (PropertyText.GetString(record.Properties, "KEYS"u8) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (var key in keys)
                Assert.Contains(record.PhysicalOffset, store.Find(topic, key, begin: record.StoreTimestamp, end: record.StoreTimestamp));
            if (PropertyText.GetString(record.Properties, "UNIQ_KEY"u8) is { } unique)
                Assert.Contains(record.PhysicalOffset, store.Find(topic, unique, uniqueOnly: true));
            found += keys.Length;
        }

        Assert.True(found > 100, found.ToString(CultureInfo.InvariantCulture));
    }

    private static StoreOptions Options(TempDirectory temp) => new()
    {
        Directory = temp["store"],
        QueueFileEntries = 300,
        IndexSlots = Slots,
        IndexEntries = 400,
        DelayLevels = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)],
    };

    private static TempDirectory Copy(string sample)
    {
        var temp = new TempDirectory("index");
        StoreKit.CopyDirectory(Path.Combine(StoreKit.Golden, sample), temp["store"]);
        return temp;
    }
}
