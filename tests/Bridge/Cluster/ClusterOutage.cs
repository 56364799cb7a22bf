using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Bridge.Cluster;

/// <summary>What is beyond the contract: brokers that go and come back.</summary>
public sealed class ClusterOutage
{
    [Fact]
    public async Task Every_acknowledged_message_is_consumed_though_a_broker_goes_and_comes_back()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(null, "broker-a", "broker-b");
        await using ClusterBridge bridge = await OpenAsync(cluster.NameServers);
        await bridge.Topics.CreateAsync("t", 4);
        await using IMessageStream group = await bridge.SubscribeAsync(
            new SubscribeRequest { Kind = StreamKind.Group, Group = "g", Topics = TopicSelection.Of("t"), Lease = TimeSpan.FromMinutes(10) }).Within("group subscribed");
        await using IMessageStream tail = await bridge.SubscribeAsync(
            new SubscribeRequest { Kind = StreamKind.Tail, Topics = TopicSelection.Of("t") }).Within("tail subscribed");
        HashSet<string> sent = [];

        await PublishAsync(bridge, sent, "before");
        await cluster.StopBrokerAsync("broker-b");
        await PublishAsync(bridge, sent, "without");
        await cluster.StartBrokerAsync("broker-b");
        await PublishAsync(bridge, sent, "after");

        Assert.Equal(sent.Order(), (await ReceiveAsync(tail, sent.Count, accept: false)).Order());
        Assert.Equal(sent.Order(), (await ReceiveAsync(group, sent.Count, accept: true)).Order());
        Assert.True(bridge.Status.CanPublish);
    }

    [Fact]
    public async Task Without_a_name_server_the_bridge_does_not_open_and_says_why()
    {
        var failure = await Assert.ThrowsAsync<BridgeException>(() => OpenAsync($"127.0.0.1:{FreePorts.Next()}"));
        Assert.Equal(BridgeError.Unreachable, failure.Error);
        Assert.Contains("no connection to", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_that_one_gateway_writes_another_one_reads()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using ClusterBridge first = await OpenAsync(cluster.NameServers);
        await using ClusterBridge second = await OpenAsync(cluster.NameServers);
        await first.State.PutAsync("s", "k", "one"u8.ToArray());
        await SeesAsync(second, "one");
        await second.State.PutAsync("s", "k", "two"u8.ToArray());
        await SeesAsync(first, "two");
        await first.State.DeleteAsync("s", "k");
        await SeesAsync(second, null);
    }

    private static async Task SeesAsync(ClusterBridge bridge, string? expected)
    {
        long start = TimeProvider.System.GetTimestamp();
        string? seen;
        do
        {
            seen = await bridge.State.GetAsync("s", "k") is { } value ? Encoding.UTF8.GetString(value.Span) : null;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
        while (seen != expected && TimeProvider.System.GetElapsedTime(start) < Waiting.Patience);

        Assert.Equal(expected, seen);
    }

    private static Task<ClusterBridge> OpenAsync(string nameServers)
        => ClusterBridge.OpenAsync(
            new ClusterOptions
            {
                NameServers = nameServers,
                TopicInterval = TimeSpan.FromMilliseconds(100),
                RetryPause = TimeSpan.FromMilliseconds(100),
                RouteRefreshInterval = TimeSpan.FromMilliseconds(500),
            },
            TimeProvider.System,
            NullLoggerFactory.Instance).Within("bridge opened");

    private static async Task PublishAsync(ClusterBridge bridge, HashSet<string> sent, string prefix)
    {
        for (int i = 0; i < 40; i++)
        {
            string text = $"{prefix}{i}";
            await bridge.PublishAsync(new PublishMessage("t", Encoding.UTF8.GetBytes(text), default)).Within($"publish of {text} completed");
            sent.Add(text);
        }
    }

    private static async Task<HashSet<string>> ReceiveAsync(IMessageStream stream, int count, bool accept)
    {
        HashSet<string> texts = [];
        using var batch = new MessageBatch();
        while (texts.Count < count)
        {
            await stream.ReceiveAsync(batch, 100, Timeout.InfiniteTimeSpan).Within($"message {texts.Count + 1} of {count} arrived");
            for (int i = 0; i < batch.Count; i++)
            {
                texts.Add(Encoding.UTF8.GetString(batch[i].Body.Span));
                if (accept)
                {
                    await stream.SettleAsync(batch[i].Delivery, Settlement.Accept);
                }
            }
        }

        return texts;
    }
}
