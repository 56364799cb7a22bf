using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Cluster;

/// <summary>A look back leaves nothing out: neither what cannot be read yet, nor what is on a broker that is away.</summary>
public sealed class LookBacks
{
    private const string Topic = "back";

    [Theory]
    [InlineData("embedded")]
    [InlineData("cluster")]
    public async Task What_is_stored_and_cannot_be_read_yet_is_shown(string kind)
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using IMessageBridge bridge = kind == "embedded"
            ? await EmbeddedBridge.OpenAsync(cluster.CoreOf("broker-a"), new EmbeddedOptions(), TimeProvider.System, NullLoggerFactory.Instance)
            : await OpenAsync(cluster.NameServers);
        await bridge.Topics.CreateAsync(Topic, 1);
        using var dispatch = new HeldDispatch(cluster.CoreOf("broker-a"), $"{Topic}/#");
        await PublishAsync(bridge, "first");
        await dispatch.Stands.WaitAsync();
        await PublishAsync(bridge, "second");

        List<string> shown = [];
        Task look = LookAsync(bridge, shown);
        // One that does not wait is done by then.
        await Task.WhenAny(look, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));
        dispatch.GoOn();
        await look.Within("the look back has ended");
        Assert.Equal(["first", "second"], shown);
    }

    [Fact]
    public async Task A_broker_that_may_have_some_and_is_away_is_not_left_out()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(null, "broker-a", "broker-b");
        await using IMessageBridge bridge = await OpenAsync(cluster.NameServers);
        await bridge.Topics.CreateAsync(Topic, 4);
        for (int i = 0; i < 8; i++)
        {
            await PublishAsync(bridge, $"{i}", i);
        }

        IReadOnlyCollection<string> brokers = bridge.Brokers;
        Assert.Equal(["broker-a", "broker-b"], brokers.Order());
        List<string> shown = [];
        await LookAsync(bridge, shown, brokers);
        Assert.Equal(8, shown.Count);

        await cluster.StopBrokerAsync("broker-b");
        BridgeException missing = await Assert.ThrowsAsync<BridgeException>(() => LookAsync(bridge, [], brokers));
        Assert.Equal(BridgeError.Unreachable, missing.Error);

        await cluster.StartBrokerAsync("broker-b");
        shown.Clear();
        await LookAsync(bridge, shown, brokers);
        Assert.Equal(8, shown.Count);
    }

    private static async Task LookAsync(IMessageBridge bridge, List<string> shown, IReadOnlyCollection<string>? brokers = null)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await bridge.LookBackAsync(new LookBack(Topic, now.AddHours(-1), now.AddHours(1))
        {
            Brokers = brokers ?? [],
            Show = properties =>
            {
                shown.Add(properties.GetString(PropertyNames.Tags)!);
                return true;
            },
        });
    }

    private static async Task PublishAsync(IMessageBridge bridge, string tag, int orderingHash = 0)
    {
        var properties = default(PropertyTextWriter);
        properties.Write(PropertyNames.Tags, tag);
        await bridge.PublishAsync(new PublishMessage(Topic, Encoding.UTF8.GetBytes(tag), properties.Written) { OrderingHash = orderingHash }).AsTask().Within($"{tag} is acknowledged");
        properties.Dispose();
    }

    private static async Task<IMessageBridge> OpenAsync(string nameServers)
        => await ClusterBridge.OpenAsync(
            new ClusterOptions { NameServers = nameServers, TopicInterval = TimeSpan.FromMilliseconds(100) },
            TimeProvider.System,
            NullLoggerFactory.Instance);

    /// <summary>Has a broker's dispatch stand still behind the next message of a filter, until it may go on: what is stored then is durable, and in no queue.</summary>
    private sealed class HeldDispatch : IDisposable
    {
        private readonly ManualResetEventSlim _go = new();
        private readonly IDisposable _watch;

        public HeldDispatch(IBrokerCore core, string filter)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(filter);
            core.FilterQueues.Ensure(bytes, out FilterQueueRange _);
            _watch = core.FilterQueues.Watch(bytes, () =>
            {
                Stands.Set();
                _go.Wait(Waiting.Patience);
            });
        }

        public Signal Stands { get; } = new("dispatch stands still");

        public void GoOn() => _go.Set();

        public void Dispose()
        {
            _go.Set();
            _watch.Dispose();
        }
    }
}
