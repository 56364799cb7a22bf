using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

public sealed class LatencyOfPublishes
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    [InlineData(123_456)]
    [InlineData(60_000_000)]
    public void A_quantile_is_right_to_a_fifth_and_never_too_small(long microseconds)
    {
        var counts = new LatencyCounts();
        counts.Add(TimeSpan.FromMicroseconds(microseconds));

        double found = Quantile(counts, 0.5)!.Value.TotalMicroseconds;

        Assert.InRange(found, microseconds, (microseconds * 1.25) + 1);
    }

    [Fact]
    public void Quantiles_divide_what_was_counted()
    {
        var counts = new LatencyCounts();
        for (int i = 0; i < 98; i++)
            counts.Add(TimeSpan.FromMilliseconds(1));
        counts.Add(TimeSpan.FromSeconds(1));
        counts.Add(TimeSpan.FromSeconds(1));

        Assert.InRange(Quantile(counts, 0.5)!.Value.TotalMilliseconds, 1, 1.25);
        Assert.InRange(Quantile(counts, 0.99)!.Value.TotalSeconds, 1, 1.25);
    }

    [Fact]
    public void Nothing_has_no_quantile_and_any_time_is_counted()
    {
        var counts = new LatencyCounts();
        Assert.Null(Quantile(counts, 0.5));

        counts.Add(TimeSpan.MinValue);
        counts.Add(TimeSpan.MaxValue);

        Assert.NotNull(Quantile(counts, 1));
    }

    [Fact]
    public void The_ring_of_refusals_keeps_the_latest_and_cuts_texts()
    {
        var ring = new RefusalRing(2, new ManualClock());
        foreach (string what in new[] { "first", "second", "th\nird" + new string('x', 1000) })
            ring.Add("mqtt", "publish", null, null, what, "why");

        Assert.Equal(2, ring.Count);
        Assert.Equal("second", ring.Recent()[1].What);
        Assert.StartsWith("th?ird", ring.Recent()[0].What, StringComparison.Ordinal);
        Assert.InRange(ring.Recent()[0].What.Length, 100, 200);
    }

    [Theory]
    [InlineData("#", true)]
    [InlineData("a/+/b", true)]
    [InlineData("a/#", true)]
    [InlineData("+", true)]
    [InlineData("/", true)]
    [InlineData("", false)]
    [InlineData("a#", false)]
    [InlineData("#/a", false)]
    [InlineData("a+/b", false)]
    [InlineData("a\0", false)]
    public void A_filter_is_one_or_is_not(string filter, bool isValid)
        => Assert.Equal(isValid, TopicFilter.IsValid(System.Text.Encoding.UTF8.GetBytes(filter)));

    private static TimeSpan? Quantile(LatencyCounts counts, double share)
    {
        var copy = new long[LatencyCounts.Steps];
        counts.AddTo(copy);
        return LatencyCounts.Quantile(copy, share);
    }
}
