using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary><c>consumerFilter.json</c>: its bytes, and how long expressions are kept.</summary>
public sealed class ExpressionsOfGroups
{
    public static TheoryData<string> Samples => ["498", "533", "498-running", "533-running"];

    [Theory, MemberData(nameof(Samples))]
    public void A_file_of_Apache_is_written_as_it_was_read_byte_for_byte(string sample)
    {
        byte[] text = File.ReadAllBytes(GoldenFilters.PathOf($"../store/{sample}/config/consumerFilter.json"));
        IReadOnlyList<GroupFilter> filters = GroupFilterFile.Parse(text)!;
        GroupFilter filter = Assert.Single(filters);
        Assert.True(filter.IsDead);
        Assert.Equal("g_sql", filter.Group);
        Assert.Equal(Encoding.UTF8.GetString(text), Written(filters));
    }

    [Fact]
    public void What_needs_escapes_comes_back()
    {
        var filter = new GroupFilter { Topic = "t", Group = "g", ExpressionType = "SQL92", Expression = "a = '\"\\\n\u0001ü'", BornTime = 5, ClientVersion = 6 };
        Assert.Equal(filter, Assert.Single(GroupFilterFile.Parse(Encoding.UTF8.GetBytes(Written([filter])))!));
        Assert.Equal("{\n\t\"filterDataByTopic\":{\n\t}\n}", Written([]));
        Assert.Null(GroupFilterFile.Parse("[]"u8));
        Assert.Null(GroupFilterFile.Parse("{\"x"u8));
    }

    [Fact]
    public async Task An_expression_lives_with_its_group_and_is_forgotten_a_day_after_it()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", "n = 1", version: 5), FilterBench.Wants("u", "n = 2", version: 5));
        GroupFilters filters = bench.Core.Tables.Filters;
        Assert.False(filters.Find("t", "g")!.IsDead);
        Assert.Equal(2, filters.Count);

        // A newer version takes its place, an older one does not; what the group wants no more dies.
        await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", "n = 3", version: 6));
        Assert.Equal("n = 3", filters.Find("t", "g")!.Expression);
        Assert.True(filters.Find("u", "g")!.IsDead);
        await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", "n = 4", version: 5));
        Assert.Equal("n = 3", filters.Find("t", "g")!.Expression);

        await client.DisposeAsync();
        await Eventually.True(() => filters.Find("t", "g")!.IsDead, "the expression dies with the last member");
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        await bench.RestartAsync();
        filters = bench.Core.Tables.Filters;
        Assert.True(filters.Find("t", "g")!.IsDead);
        Assert.NotNull(filters.Find("t", "g")!.Filter);

        // The same version makes it live again.
        client = bench.Connect();
        await client.HeartbeatAsync("c", "g", FilterBench.Wants("t", "n = 3", version: 6));
        Assert.False(filters.Find("t", "g")!.IsDead);
        bench.Clock.Advance(TimeSpan.FromHours(24.1));
        filters.Flush();
        Assert.Null(filters.Find("u", "g"));
        Assert.DoesNotContain("\"u\"", await File.ReadAllTextAsync(bench["config/consumerFilter.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kept_expressions_have_a_limit()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.MaxGroupFilters = 3);
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, (await client.HeartbeatAsync("c", $"g{i}", FilterBench.Wants("t", "n = 1"))).Code);
        }

        Assert.Equal(ResponseCode.SystemBusy, (await client.HeartbeatAsync("c", "g3", FilterBench.Wants("t", "n = 1"))).Code);
        Assert.Equal(3, bench.Core.Tables.Filters.Count);
    }

    private static string Written(IEnumerable<GroupFilter> filters)
    {
        var output = new ArrayBufferWriter<byte>();
        GroupFilterFile.Write(output, filters);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
