using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>Queries by key.</summary>
public sealed class IndexQueryTests
{
    [Fact]
    public async Task Every_message_is_found_by_each_of_its_keys_newest_first_and_none_else()
    {
        for (var run = 0; run < 10; run++)
            await Seeded.RunAsync(RoundTrip);
    }

    [Fact]
    public async Task Keys_with_one_hash_are_told_apart_by_the_record()
    {
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1));
        var first = store.AppendKeyed("topic", "Aa", "AaAa").PhysicalOffset;
        var second = store.AppendKeyed("topic", "BB", "BBBB").PhysicalOffset;
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(new[] { first }, store.Find("topic", "Aa"));
        Assert.Equal(new[] { second }, store.Find("topic", "BB"));
        Assert.Equal(new[] { first }, store.Find("topic", "AaAa"));
        Assert.Empty(store.Find("topic", "AaBB"));
        Assert.Empty(store.Find("other", "Aa"));
        Assert.Empty(store.Find("topic", ""));
    }

    [Fact]
    public async Task A_query_for_a_unique_key_does_not_give_keys_of_that_name()
    {
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1));
        var unique = store.AppendKeyed("topic", "other", "same").PhysicalOffset;
        var keyed = store.AppendKeyed("topic", "same").PhysicalOffset;
        var both = store.AppendKeyed("topic", "same", "same").PhysicalOffset;
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(new[] { both, unique }, store.Find("topic", "same", uniqueOnly: true));
        Assert.Equal(new[] { both, keyed, unique }, store.Find("topic", "same"));
    }

    [Fact]
    public async Task Times_are_told_apart_to_the_millisecond_and_both_ends_count()
    {
        var clock = new ManualClock();
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1), clock);
        var start = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var offsets = new List<long>();
        for (var i = 0; i < 30; i++)
        {
            offsets.Add(store.AppendKeyed("topic", "k").PhysicalOffset);
            clock.Advance(TimeSpan.FromMilliseconds(300));
        }

        await store.WaitDispatchedAsync().Within("dispatched");
        for (var from = 0; from < 30; from++)
        {
            for (var to = from; to < 30; to++)
            {
                var expected = offsets[from..(to + 1)].AsEnumerable().Reverse();
                Assert.Equal(expected, store.Find("topic", "k", begin: start + (from * 300), end: start + (to * 300)));
                Assert.Equal(expected, store.Find("topic", "k", begin: start + (from * 300) - 299, end: start + (to * 300) + 299));
            }
        }
    }

    [Fact]
    public async Task A_query_gives_as_many_as_it_asks_for_and_never_more_than_the_limit()
    {
        var options = StoreKit.Small("/store");
        options.MaxIndexQueryResults = 5;
        await using var store = MessageStore.Open(options, new FaultyFileSystem(1));
        var offsets = Enumerable.Range(0, 10).Select(_ => store.AppendKeyed("topic", "k").PhysicalOffset).Reverse().ToArray();
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(offsets[..3], store.FindByKey(new KeyQuery("topic", "k", 3)).Offsets);
        Assert.Equal(KeyQueryStatus.Full, store.FindByKey(new KeyQuery("topic", "k", 3)).Status);
        Assert.Equal(offsets[..5], store.FindByKey(new KeyQuery("topic", "k", int.MaxValue)).Offsets);
        Assert.Empty(store.FindByKey(new KeyQuery("topic", "k", 0)).Offsets);
        Assert.Empty(store.FindByKey(new KeyQuery("topic", "k", -1)).Offsets);
    }

    [Fact]
    public async Task The_answer_says_how_far_the_index_is()
    {
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1));
        Assert.Equal((0, 0), Ends(store));
        store.AppendKeyed("topic", "k");
        var last = store.AppendKeyed("topic", "last");
        store.Append("topic", 0, "without keys");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(last.PhysicalOffset, Ends(store).LastOffset);
    }

    [Fact]
    public void A_query_ends_at_its_limit_of_entries()
    {
        using var bench = new IndexBench(options => options.MaxIndexQuerySteps = 7);
        for (var i = 0; i < 50; i++)
            bench.Add(i, "t", i == 0 ? "old" : "k");
        var looked = 0;
        var result = bench.Index.Find(new KeyQuery("t", "k", 64), _ => ++looked < 0);
        Assert.Equal(KeyQueryStatus.Cut, result.Status);
        Assert.Equal(7, looked);
        Assert.Equal(1, bench.Index.QueriesCut);
    }

    [Fact]
    public void Queries_beyond_the_limit_at_a_time_are_refused()
    {
        using var bench = new IndexBench(options => options.MaxIndexQueries = 1);
        bench.Add(0, "t", "k");
        KeyQueryStatus inner = default;
        var outer = bench.Index.Find(new KeyQuery("t", "k", 1), _ =>
        {
            inner = bench.Find("t", "k").Status;
            return true;
        });
        Assert.Equal(KeyQueryStatus.Busy, inner);
        Assert.Equal(KeyQueryStatus.Full, outer.Status);
        Assert.Equal(1, bench.Index.QueriesRefused);
        Assert.Equal(KeyQueryStatus.Complete, bench.Find("t", "k").Status);
    }

    [Fact]
    public void Old_files_are_mapped_on_demand_and_only_so_many_are_kept()
    {
        var machine = new FaultyFileSystem(1);
        using (var writer = new IndexBench(files: machine))
        {
            for (var i = 0; i < 190; i++)
                writer.Add(i, "t", $"k{i}");
            writer.Index.Flush();
        }

        var counting = new CountingFileSystem(machine);
        using var bench = new IndexBench(files: counting);
        Assert.Equal(10, bench.Index.Files);
        Assert.True(counting.Mapped.Distinct().Count() <= 1, "only the last file is looked into");
        counting.Mapped.Clear();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 190; i++)
            {
                Assert.Equal(new[] { (long)i }, bench.Find("t", $"k{i}").Offsets);
                Assert.InRange(bench.Index.MappedFiles, 0, 2);
            }
        }

        counting.Mapped.Clear();
        bench.Find("t", "k189", begin: 0);
        bench.Find("t", "k189", begin: 0);
        Assert.InRange(counting.Mapped.Count, 0, 20);
    }

    [Fact]
    public async Task A_store_without_a_key_index_says_so_and_makes_no_files()
    {
        var files = new FaultyFileSystem(1);
        var options = StoreKit.Small("/store");
        options.IndexEnabled = false;
        await using var store = MessageStore.Open(options, files);
        store.AppendKeyed("topic", "k");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.Equal(KeyQueryStatus.Disabled, store.FindByKey(new KeyQuery("topic", "k", 1)).Status);
        Assert.DoesNotContain(files.Paths, path => path.Contains("/index", StringComparison.Ordinal));
    }

    private static async Task RoundTrip(Random random)
    {
        await using var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyFileSystem(1));
        var model = new Dictionary<(string, string), List<long>>();
        string[] topics = ["topic", "主题", "t"];
        for (var i = 0; i < 300; i++)
        {
            var topic = topics[random.Next(topics.Length)];
            var keys = Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(3) == 0 ? $"ключ{random.Next(5)}" : $"key{random.Next(300)}").Distinct().ToArray();
            var unique = random.Next(2) == 0 ? $"U{i}" : null;
            var offset = store.AppendKeyed(topic, keys.Length == 0 ? null : string.Join(' ', keys), unique).PhysicalOffset;
            foreach (var key in unique is null ? keys : [.. keys, unique])
            {
                if (!model.TryGetValue((topic, key), out var offsets))
                    model.Add((topic, key), offsets = []);
                offsets.Insert(0, offset);
            }
        }

        await store.WaitDispatchedAsync().Within("dispatched");
        foreach (var ((topic, key), offsets) in model)
            Assert.Equal(offsets.Take(64), store.Find(topic, key));
        Assert.Empty(store.Find("topic", "absent"));
    }

    private static (long LastTimestamp, long LastOffset) Ends(MessageStore store)
    {
        var result = store.FindByKey(new KeyQuery("topic", "k", 1));
        return (result.LastTimestamp, result.LastOffset);
    }
}
