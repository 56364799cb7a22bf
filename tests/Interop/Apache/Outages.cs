using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Brokers and name servers of Apache RocketMQ that die, hang and come back while the SDK sends and consumes. With two brokers no send may fail.</summary>
[Collection(OutageCollection.Name)]
public sealed class Outages : ApacheTest
{
    private const long MaxGrowth = 48 << 20;

    private readonly LoudLog _log = new();

    [FactWhen(Needs.ApacheControl)]
    public Task A_broker_that_is_killed_and_started_again_loses_nothing_that_was_acknowledged() => RunAsync(async (traffic, brokers) =>
    {
        await ApacheCluster.ControlAsync("kill", brokers[0]);
        await AwayAsync(traffic, brokers);
        await ApacheCluster.ControlAsync("start", brokers[0]);
        await traffic.MoreAsync(100, "after the broker came back", brokers[0]);
    });

    [FactWhen(Needs.ApacheControl)]
    public Task A_broker_that_hangs_for_half_a_minute_is_gone_around_and_taken_up_again() => RunAsync(async (traffic, brokers) =>
    {
        await ApacheCluster.ControlAsync("pause", brokers[0]);
        try
        {
            await AwayAsync(traffic, brokers);
            await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System);
        }
        finally
        {
            await ApacheCluster.ControlAsync("resume", brokers[0]);
        }

        await traffic.MoreAsync(100, "after the broker went on", brokers[0]);
    });

    [FactWhen(Needs.ApacheControl)]
    public Task A_name_server_that_is_killed_and_started_again_stops_neither_senders_nor_the_group() => RunAsync(async (traffic, brokers) =>
    {
        await ApacheCluster.ControlAsync("kill", ApacheCluster.NameServer);
        int consumed = traffic.Consumed.Count();
        await traffic.MoreAsync(300, "without a name server");
        await Eventually.True(() => traffic.Consumed.Count() >= consumed + 300, "the group consumed without a name server", Patience);
        await ApacheCluster.ControlAsync("start", ApacheCluster.NameServer);
        await KnownAsync(brokers.Count);
        await traffic.MoreAsync(100, "after the name server came back");
        Assert.Empty(traffic.Failed);
    });

    /// <summary>With another broker sends go on there; without one they fail, and each says whether it may have happened.</summary>
    private static async Task AwayAsync(Traffic traffic, IReadOnlyList<string> brokers)
    {
        if (brokers.Count > 1)
        {
            await traffic.MoreAsync(300, "while the first broker was away", brokers[1]);
        }
        else
        {
            await Eventually.True(() => traffic.Failed.Count >= 20, "sends failed while the broker was away", Patience);
        }
    }

    private async Task RunAsync(Func<Traffic, IReadOnlyList<string>, Task> outage)
    {
        IReadOnlyList<string> brokers = [.. (await Admin.ListBrokersAsync()).Select(broker => broker.Name)];
        await using ApacheTopic topic = await TopicAsync("outage");
        await using Traffic traffic = await Traffic.StartAsync(topic, _log);
        await traffic.MoreAsync(500, "before the outage");
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        long start = TimeProvider.System.GetTimestamp();
        using var connects = new ConnectCount();

        await outage(traffic, brokers);

        // One address is tried every 0.1 s, less a quarter, by sends that have nowhere else to go, and ever more rarely by all others.
        TimeSpan took = TimeProvider.System.GetElapsedTime(start);
        Assert.True(connects.Tried < 20 + (took.TotalSeconds * 15), $"{connects.Tried} connections were tried in {took}");
        await traffic.EndAsync();
        long growth = GC.GetTotalMemory(forceFullCollection: true) - memory;
        Assert.True(growth < MaxGrowth, $"{growth} bytes more are held");
        _log.MustBeSilent("the outage");
        Assert.True(_log.Warnings < took.TotalSeconds * 20, $"{_log.Warnings} warnings in {took}");

        await KnownAsync(brokers.Count);
        HashSet<string> stored = [.. (await topic.ReadAllAsync()).Select(Text)];
        Assert.Empty(traffic.Acknowledged.Keys.Where(body => !stored.Contains(body)));
        Assert.Empty(traffic.Failed.Where(failed => !failed.Value.MayHaveHappened && stored.Contains(failed.Key)).Select(failed => $"{failed.Key}: {failed.Value.Message}"));
        if (brokers.Count > 1)
        {
            Assert.Empty(traffic.Failed.Select(failed => $"{failed.Key}: {failed.Value.Message}"));
        }
    }
}
