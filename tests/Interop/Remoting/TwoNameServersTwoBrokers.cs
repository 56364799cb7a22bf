using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>Name servers and brokers that are killed and come back while messages are produced.</summary>
public sealed class TwoNameServersTwoBrokers
{
    private const string Topic = "Survivors";
    private const int Queues = 2;

    private readonly HashSet<string> _acknowledged = new(StringComparer.Ordinal);

    [Fact]
    public async Task Routes_go_and_come_back_and_nothing_acknowledged_is_lost()
    {
        await using ClusterOfProcesses cluster = await ClusterOfProcesses.StartAsync();
        await RunAsync(cluster);

        var read = new HashSet<string>(StringComparer.Ordinal);
        foreach (int port in cluster.Brokers)
        {
            using RawBroker broker = await RawBroker.ConnectAsync(port);
            for (int queue = 0; queue < Queues; queue++)
            {
                for (long offset = 0, next; (await broker.RangeAsync(Topic, queue)).Next > offset; offset = next)
                {
                    (IReadOnlyList<StoredMessage> messages, next) = await broker.PullAsync(Topic, queue, offset, "reader");
                    read.UnionWith(messages.Select(static message => message.Text));
                }
            }
        }

        Assert.Empty(_acknowledged.Except(read));

        // A clean stop leaves at once.
        Assert.Equal(0, await cluster.StopAsync("b1"));
        await cluster.RouteAsync(0, Topic, "broker-0");
        await cluster.RouteAsync(1, Topic, "broker-0");
    }

    [FactWhen(Needs.AliOns)]
    public async Task Ali_ons_reads_all_of_it_through_the_name_server_that_came_back()
    {
        await using ClusterOfProcesses cluster = await ClusterOfProcesses.StartAsync();
        await RunAsync(cluster);

        await using ScriptedClient consumer = ScriptedClient.Node(
            "ons-consume.js", new { nameSrv = $"127.0.0.1:{cluster.NameServers[0]}", group = "ons-survivors", topic = Topic });
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        while (Missing(consumer) is var missing && missing > 0)
        {
            Assert.False(limit.IsCancellationRequested, $"ali-ons did not read {missing} of {_acknowledged.Count} messages");
            await poll.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private int Missing(ScriptedClient consumer) =>
        _acknowledged.Except(consumer.Events("message").Select(static (JsonObject message) => (string)message["body"]!)).Count();

    private async Task RunAsync(ClusterOfProcesses cluster)
    {
        for (int number = 0; number < cluster.Brokers.Length; number++)
        {
            using RawBroker broker = await RawBroker.ConnectAsync(cluster.Brokers[number]);
            await broker.CreateTopicAsync(Topic, Queues);
        }

        await Task.WhenAll(cluster.RouteAsync(0, Topic, "broker-0", "broker-1"), cluster.RouteAsync(1, Topic, "broker-0", "broker-1"));
        await SendAsync(cluster, 0, "before");
        await SendAsync(cluster, 1, "before");

        await cluster.KillAsync("b1");
        await Task.WhenAll(cluster.RouteAsync(0, Topic, "broker-0"), cluster.RouteAsync(1, Topic, "broker-0"));
        await SendAsync(cluster, 0, "while a broker is away");

        await cluster.KillAsync("n0");
        await SendAsync(cluster, 0, "while a name server is away, too");
        await cluster.RouteAsync(1, Topic, "broker-0");

        await cluster.StartBrokerAsync(1);
        await cluster.RouteAsync(1, Topic, "broker-0", "broker-1");
        await SendAsync(cluster, 1, "after the broker came back");

        await cluster.StartNameServerAsync(0);
        await cluster.RouteAsync(0, Topic, "broker-0", "broker-1");
        await SendAsync(cluster, 0, "after the name server came back");
    }

    private async Task SendAsync(ClusterOfProcesses cluster, int broker, string what)
    {
        using RawBroker connection = await RawBroker.ConnectAsync(cluster.Brokers[broker]);
        for (int number = 0; number < 20; number++)
        {
            string text = $"{what} {broker} {number}";
            RawAnswer answer = await connection.SendAsync(Topic, number % Queues, Encoding.UTF8.GetBytes(text));
            Assert.True(answer.Code == 0, answer.Remark);
            _acknowledged.Add(text);
        }
    }
}
