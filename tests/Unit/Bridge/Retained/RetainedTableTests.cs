using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Bridge.Retained;

public sealed class RetainedTableTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);

    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a", false)]
    [InlineData("a/b", "a/b/c", false)]
    [InlineData("a/+", "a/b", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a/b/c", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "$SYS/a", false)]
    [InlineData("+/a", "$SYS/a", false)]
    [InlineData("$SYS/#", "$SYS/a", true)]
    [InlineData("$SYS/+", "$SYS/a", true)]
    [InlineData("+", "a", true)]
    [InlineData("+", "/a", false)]
    [InlineData("+/+", "/a", true)]
    [InlineData("/+", "/a", true)]
    [InlineData("+/b/#", "a/b", true)]
    [InlineData("+/b/+", "a/b", false)]
    public void A_search_finds_what_the_filter_matches(string filter, string name, bool found)
    {
        RetainedTable table = Table(name);
        Assert.Equal(found ? [name] : [], Find(table, filter));
    }

    [Fact]
    public async Task Random_filters_find_among_random_names_what_a_plain_comparison_finds()
        => await Seeded.RunAsync(random =>
        {
            string[] levels = ["", "a", "ab", "b", "$x", "\u0001", "é", "a b"];
            string RandomName() => string.Join('/', Enumerable.Range(0, random.Next(1, 6)).Select(_ => levels[random.Next(levels.Length)]));
            var names = new HashSet<string>();
            var table = new RetainedTable(new RetainedOptions());
            long offset = 0;
            for (int i = 0; i < 2000; i++)
            {
                string name = RandomName();
                if (name.Length == 0)
                {
                    continue;
                }

                bool remove = random.Next(4) == 0;
                table.Apply(Encoding.UTF8.GetBytes(name), new RetainedEntry(offset++, remove ? 0 : 10, 0));
                _ = remove ? names.Remove(name) : names.Add(name);
            }

            Assert.Equal(names.Count, table.Count);
            Assert.Equal(names.Count * 10, table.Bytes);
            for (int i = 0; i < 300; i++)
            {
                string[] filter = [.. RandomName().Split('/').Select(level => random.Next(3) == 0 ? "+" : level)];
                if (random.Next(3) == 0)
                {
                    filter[^1] = "#";
                }

                string text = string.Join('/', filter);
                if (text.Length > 0)
                {
                    Assert.Equal(names.Where(name => Matches(filter, name.Split('/'))).Order(StringComparer.Ordinal), Find(table, text, random.Next(1, 9)).Order(StringComparer.Ordinal));
                }
            }

            return Task.CompletedTask;
        });

    [Fact]
    public void A_search_leaps_over_what_cannot_match()
    {
        var table = new RetainedTable(new RetainedOptions());
        for (int i = 0; i < 200_000; i++)
        {
            table.Apply(Encoding.UTF8.GetBytes($"site/{i % 4}/device/{i}/temp"), new RetainedEntry(i, 10, 0));
        }

        var search = new RetainedSearch("site/+/device/77777/#"u8);
        int steps = 0;
        int found = 0;
        while (!search.IsDone)
        {
            table.Continue(search, 10, Now);
            found += search.Found.Count;
            steps++;
        }

        Assert.Equal(1, found);
        Assert.InRange(steps, 1, 2);
    }

    [Fact]
    public void Records_count_by_the_order_of_the_log_whatever_order_they_complete_in()
    {
        var table = new RetainedTable(new RetainedOptions());
        RetainedWrite first = table.Begin("a"u8, 10);
        RetainedWrite removal = table.Begin("a"u8, 0);
        RetainedWrite third = table.Begin("b"u8, 10);
        table.End(removal, new RetainedEntry(1, 0, 0));
        table.End(third, new RetainedEntry(2, 10, 0));
        table.End(first, new RetainedEntry(0, 10, 0));
        Assert.Equal(["b"], Find(table, "#"));
        table.Apply("b"u8, new RetainedEntry(2, 10, 0));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void One_more_than_the_limit_of_messages_or_bytes_is_refused_and_replacing_is_not()
    {
        var table = new RetainedTable(new RetainedOptions { MaxMessages = 2, MaxBytes = 1024 });
        table.End(table.Begin("a"u8, 100), new RetainedEntry(0, 100, 0));
        RetainedWrite second = table.Begin("b"u8, 100);
        Assert.Equal(BridgeError.Busy, Assert.Throws<BridgeException>(() => table.Begin("c"u8, 100)).Error);
        table.End(second, null);
        table.End(table.Begin("b"u8, 900), new RetainedEntry(1, 900, 0));
        Assert.Equal(BridgeError.Busy, Assert.Throws<BridgeException>(() => table.Begin("a"u8, 200)).Error);
        table.End(table.Begin("a"u8, 50), new RetainedEntry(2, 50, 0));
        table.End(table.Begin("b"u8, 0), new RetainedEntry(3, 0, 0));
        table.End(table.Begin("c"u8, 500), new RetainedEntry(4, 500, 0));
        Assert.Equal(550, table.Bytes);
    }

    [Fact]
    public void What_expired_is_not_found_and_goes()
    {
        var table = new RetainedTable(new RetainedOptions());
        table.Apply("a"u8, new RetainedEntry(0, 10, Now.ToUnixTimeMilliseconds()));
        table.Apply("b"u8, new RetainedEntry(1, 10, Now.ToUnixTimeMilliseconds() + 1));
        Assert.Equal(["b"], Find(table, "#"));
        Assert.Equal(2, table.Count);
        Assert.Single(table.TakeExpired(Now.ToUnixTimeMilliseconds(), 10));
        Assert.Empty(table.TakeExpired(Now.ToUnixTimeMilliseconds(), 10));
        Assert.Equal(1, table.Count);
    }

    private static RetainedTable Table(params string[] names)
    {
        var table = new RetainedTable(new RetainedOptions());
        for (int i = 0; i < names.Length; i++)
        {
            table.Apply(Encoding.UTF8.GetBytes(names[i]), new RetainedEntry(i, 10, 0));
        }

        return table;
    }

    private static List<string> Find(RetainedTable table, string filter, int max = 100)
    {
        List<string> found = [];
        var search = new RetainedSearch(Encoding.UTF8.GetBytes(filter));
        while (!search.IsDone)
        {
            table.Continue(search, max, Now);
            Assert.InRange(search.Found.Count, 0, max);
            found.AddRange(search.Found.Select(reference => Encoding.UTF8.GetString(reference.Key).Replace('\0', '/')));
        }

        return found;
    }

    private static bool Matches(string[] filter, string[] name)
    {
        if (name[0].StartsWith('$') && (filter[0] is "+" or "#"))
        {
            return false;
        }

        for (int i = 0; i < filter.Length; i++)
        {
            if (filter[i] == "#")
            {
                return true;
            }

            if (i >= name.Length || (filter[i] != "+" && filter[i] != name[i]))
            {
                return false;
            }
        }

        return filter.Length == name.Length;
    }
}
