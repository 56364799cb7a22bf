using System.Globalization;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Brokers and name servers of Apache RocketMQ that die, hang and come back behind a gateway whose clients publish and receive.</summary>
[Collection(OutageCollection.Name)]
public sealed class GatewayOutages : ApacheTest
{
    private const long MaxGrowth = 128 << 20;

    [FactWhen(Needs.ApacheControl, Needs.Mosquitto)]
    public Task Clients_of_a_gateway_lose_nothing_acknowledged_when_a_broker_is_killed_and_started_again() => RunAsync(async (traffic, _, brokers) =>
    {
        await ApacheCluster.ControlAsync("kill", brokers[0]);
        await AwayAsync(traffic, brokers);
        await ApacheCluster.ControlAsync("start", brokers[0]);
        await traffic.MoreAsync(100, "after the broker came back");
    });

    [FactWhen(Needs.ApacheControl, Needs.Mosquitto)]
    public Task Clients_of_a_gateway_go_on_after_a_broker_hung_for_half_a_minute() => RunAsync(async (traffic, _, brokers) =>
    {
        await ApacheCluster.ControlAsync("pause", brokers[0]);
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System);
        }
        finally
        {
            await ApacheCluster.ControlAsync("resume", brokers[0]);
        }

        await traffic.MoreAsync(100, "after the broker went on");
    });

    [FactWhen(Needs.ApacheControl, Needs.Mosquitto)]
    public Task Clients_of_a_gateway_do_not_notice_that_the_name_server_is_killed_and_started_again() => RunAsync(async (traffic, gateway, _) =>
    {
        await ApacheCluster.ControlAsync("kill", ApacheCluster.NameServer);
        await traffic.MoreAsync(150, "without a name server");
        await ApacheCluster.ControlAsync("start", ApacheCluster.NameServer);
        using var http = new HttpClient { BaseAddress = gateway.Http };
        await Eventually.TrueAsync(
            async () =>
            {
                using HttpResponseMessage ready = await http.GetAsync(new Uri("readyz", UriKind.Relative));
                return ready.IsSuccessStatusCode;
            },
            "the gateway is ready again",
            TimeSpan.FromMinutes(2));
        await traffic.MoreAsync(50, "after the name server came back");
        Assert.Equal(0, traffic.Failed);
    });

    private static async Task AwayAsync(FrontTraffic traffic, IReadOnlyList<string> brokers)
    {
        if (brokers.Count > 1)
        {
            await traffic.MoreAsync(150, "while a broker was away");
        }
        else
        {
            await Eventually.True(() => traffic.Failed >= 5, "publishes failed while the broker was away", Patience);
        }
    }

    /// <summary>Connections that the gateway tried to brokers and name servers since it counts: the first ones of its start are not in it.</summary>
    private static async Task<long> ConnectsAsync(GatewayProcess gateway)
    {
        using var http = new HttpClient { BaseAddress = gateway.Http };
        string text = await http.GetStringAsync(new Uri("metrics", UriKind.Relative));
        return text.Split('\n')
            .Where(line => line.StartsWith("protobridge_remoting_connects_total{", StringComparison.Ordinal))
            .Sum(line => (long)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    private async Task RunAsync(Func<FrontTraffic, GatewayProcess, IReadOnlyList<string>, Task> outage)
    {
        IReadOnlyList<string> brokers = [.. (await Admin.ListBrokersAsync()).Select(broker => broker.Name)];
        await using ApacheTopic topic = await TopicAsync("frontoutage");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { NameServers = ApacheCluster.NameServers });
        await using FrontTraffic traffic = await FrontTraffic.StartAsync(gateway, topic);
        await traffic.MoreAsync(200, "before the outage");
        long memory = gateway.AnonymousMemory();
        long connects = await ConnectsAsync(gateway);
        long start = TimeProvider.System.GetTimestamp();

        await outage(traffic, gateway, brokers);

        TimeSpan took = TimeProvider.System.GetElapsedTime(start);
        long tried = await ConnectsAsync(gateway) - connects;
        Assert.True(tried < 20 + (took.TotalSeconds * 15), $"{tried} connections were tried in {took}");
        await traffic.EndAsync();
        Assert.True(gateway.AnonymousMemory() - memory < MaxGrowth, $"the gateway had {memory} bytes and has {gateway.AnonymousMemory()}");
        Assert.Empty(gateway.Failures);

        await KnownAsync(brokers.Count);
        HashSet<string> stored = [.. (await topic.ReadAllAsync()).Select(Text)];
        Assert.Empty(traffic.Acknowledged.Where(body => !stored.Contains(body)));
        Assert.Empty(traffic.Unstored.Where(refused => stored.Contains(refused.Key)));
        if (brokers.Count > 1)
        {
            Assert.Equal(0, traffic.Failed);
        }
    }
}
