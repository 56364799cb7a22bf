using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>What the index writes for a record, and where.</summary>
public sealed class IndexWriteTests
{
    [Fact]
    public void The_unique_key_comes_first_then_the_keys_in_their_order()
    {
        using var bench = new IndexBench();
        bench.Add(100, "t", "  b  a b", "u");
        Assert.Equal(new[] { Hash("u"), Hash("b"), Hash("a"), Hash("b") }, bench.Entries().Select(entry => entry.Hash));
    }

    [Fact]
    public void A_property_without_a_value_counts_for_none_and_of_two_the_last_one_counts()
    {
        using var bench = new IndexBench();
        bench.Stage(100, "t", "UNIQ_KEY\u0001u1\u0002KEYS\u0001a\u0002UNIQ_KEY\u0001u2\u0002UNIQ_KEY\u0001\u0002KEYS\u0001 \u0002"u8);
        bench.Index.Commit();
        Assert.Equal(new[] { Hash("u2") }, bench.Entries().Select(entry => entry.Hash));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(MessageSysFlag.TransactionPrepared, true)]
    [InlineData(MessageSysFlag.TransactionCommit, true)]
    [InlineData(MessageSysFlag.TransactionRollback, false)]
    public void Records_of_rolled_back_transactions_are_left_out(int sysFlag, bool isIndexed)
    {
        using var bench = new IndexBench();
        bench.Add(100, "t", "k", sysFlag: sysFlag);
        Assert.Equal(isIndexed ? 1 : 0, bench.Index.EntriesAdded);
    }

    [Fact]
    public void A_record_without_keys_makes_no_file()
    {
        using var bench = new IndexBench();
        bench.Add(100, "t", null);
        bench.Index.Flush();
        Assert.Empty(bench.Paths);
    }

    [Fact]
    public void Times_are_whole_seconds_since_the_first_record_and_never_negative()
    {
        using var bench = new IndexBench();
        bench.Add(0, "t", "a", storeTimestamp: 10_000);
        bench.Add(1, "t", "b", storeTimestamp: 11_999);
        bench.Add(2, "t", "c", storeTimestamp: 9_000);
        bench.Add(3, "t", "d", storeTimestamp: 10_000 + (3_000_000_000L * 1000));
        Assert.Equal(new[] { 0, 1, 0, int.MaxValue }, bench.Entries().Select(entry => entry.Seconds));
    }

    [Fact]
    public void The_first_entry_of_a_next_file_counts_its_seconds_from_the_end_of_the_one_before()
    {
        using var bench = new IndexBench();
        for (var i = 0; i < 19; i++)
            bench.Add(i, "t", $"k{i}", storeTimestamp: 10_000 + i);
        bench.Add(19, "t", "next", storeTimestamp: 17_500);
        bench.Add(20, "t", "after", storeTimestamp: 18_600);
        var next = bench.Contents()[1];
        Assert.Equal(new[] { 7, 1 }, next.Entries.Select(entry => entry.Seconds));
        Assert.Equal((17_500, 18_600, 19, 20, 3), (next.Header.BeginTimestamp, next.Header.EndTimestamp, next.Header.BeginOffset, next.Header.EndOffset, next.Header.Count));
        Assert.Equal(new[] { 19L }, bench.Find("t", "next", begin: 17_500, end: 17_500).Offsets);
    }

    [Fact]
    public void Files_are_named_by_the_time_and_in_their_order_whatever_the_clock_says()
    {
        using var bench = new IndexBench();
        for (var i = 0; i < 60; i++)
            bench.Add(i, "t", $"k{i}");
        Assert.Equal(4, bench.Paths.Length);
        var names = bench.Paths.Select(path => path[(IndexBench.Home.Length + 1)..]).ToArray();
        Assert.Equal(bench.Clock.GetUtcNow().ToString("yyyyMMddHHmmssfff", null), names[0]);
        Assert.All(names, name => Assert.True(IndexFileName.IsOne(name)));
        Assert.Equal(new[] { 0L, 19, 38, 57 }, bench.Contents().Select(content => content.Header.BeginOffset));
        Assert.All(bench.Paths, path => Assert.Equal(40 + (10 * 4) + (20 * 20), bench.Machine.Content(path).Length));
    }

    [Fact]
    public void Staging_and_committing_allocate_nothing_once_warm()
    {
        using var bench = new IndexBench(options => (options.IndexSlots, options.IndexEntries) = (1000, 100_000));
        bench.Stage(0, "topic", "key1 key2", "unique");
        for (var i = 1; i < 4096; i++)
            bench.StageAgain(i);
        bench.Index.Commit();
        var next = 5000;
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (var end = next + 3000; next < end; next++)
                bench.StageAgain(next);
            bench.Index.Commit();
        }));
        Assert.Equal((4096 + next - 5000) * 3, bench.Index.EntriesAdded);
    }

    [Fact]
    public void A_full_disk_keeps_what_is_staged_until_there_is_room_for_the_next_file()
    {
        using var bench = new IndexBench();
        for (var i = 0; i < 18; i++)
            bench.Add(i, "t", $"k{i}");
        bench.Machine.Capacity = bench.Machine.Used + 100;
        bench.Stage(18, "t", "x y z", "u");
        bench.Stage(19, "t", "w");
        Assert.Throws<DiskFullException>(bench.Index.Commit);
        Assert.Throws<DiskFullException>(bench.Index.Commit);
        Assert.Single(bench.Paths);
        bench.Machine.Capacity = long.MaxValue;
        bench.Index.Commit();
        Assert.Equal(new[] { Hash("u"), Hash("x"), Hash("y"), Hash("z"), Hash("w") }, bench.Entries().Skip(18).Select(entry => entry.Hash));
        Assert.Equal(2, bench.Paths.Length);
    }

    [Fact]
    public void Trim_deletes_files_all_of_whose_records_are_gone_but_never_the_last()
    {
        using var bench = new IndexBench();
        for (var i = 0; i < 60; i++)
            bench.Add(i, "t", $"k{i}");
        bench.Index.Trim(37);
        Assert.Equal(3, bench.Paths.Length);
        Assert.Empty(bench.Find("t", "k18").Offsets);
        Assert.Equal(new[] { 19L }, bench.Find("t", "k19").Offsets);
        bench.Index.Trim(1000);
        Assert.Single(bench.Paths);
        Assert.Equal(new[] { 57L }, bench.Find("t", "k57").Offsets);
        bench.Add(60, "t", "k60");
        Assert.Equal(new[] { 60L }, bench.Find("t", "k60").Offsets);
    }

    private static int Hash(string key) => KeyHash.Of(KeyHash.OfTopic("t"u8), System.Text.Encoding.UTF8.GetBytes(key));
}
