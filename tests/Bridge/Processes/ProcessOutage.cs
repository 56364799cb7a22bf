using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Processes;

/// <summary>Processes that die while the bridge works.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ProcessOutage(SharedProcesses processes)
{
    [Fact]
    public async Task Every_publish_is_acknowledged_and_every_acknowledged_message_is_received_though_processes_die_and_come_back()
    {
        await processes.MendAsync();
        ProcessCluster cluster = processes.Cluster;
        await using ClusterBridge bridge = await processes.OpenAsync();
        await bridge.Topics.CreateAsync("outage", 4);
        await using IMessageStream group = await bridge.SubscribeAsync(
            new SubscribeRequest { Kind = StreamKind.Group, Group = "outage-g", Topics = TopicSelection.Of("outage"), Lease = TimeSpan.FromMinutes(10) }).Within("group subscribed");
        await using IMessageStream tail = await bridge.SubscribeAsync(
            new SubscribeRequest { Kind = StreamKind.Tail, Topics = TopicSelection.Of("outage") }).Within("tail subscribed");
        ConcurrentDictionary<string, bool> sent = new();
        using var stop = new CancellationTokenSource();
        Task publishing = Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => PublishAsync(bridge, sent, $"{i}-", stop.Token))));

        await MoreAsync(sent, publishing, 100);
        await cluster.KillBrokerAsync(1);
        await MoreAsync(sent, publishing, 100);
        await cluster.KillNameServerAsync(0);
        await MoreAsync(sent, publishing, 100);
        await cluster.StartBrokerAsync(1);
        await MoreAsync(sent, publishing, 100);
        await cluster.StartNameServerAsync(0);
        await cluster.KillNameServerAsync(1);
        await MoreAsync(sent, publishing, 100);
        await cluster.StartNameServerAsync(1);
        await stop.CancelAsync();
        await publishing.Within("publishing ended");

        await ReceiveAsync(tail, sent.Keys, accept: false);
        await ReceiveAsync(group, sent.Keys, accept: true);
        Assert.True(bridge.Status.CanPublish);
    }

    private static async Task PublishAsync(ClusterBridge bridge, ConcurrentDictionary<string, bool> sent, string prefix, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string text = $"{prefix}{i}";
            await bridge.PublishAsync(new PublishMessage("outage", Encoding.UTF8.GetBytes(text), default), CancellationToken.None).Within($"publish of {text} completed");
            sent[text] = true;
        }
    }

    private static async Task MoreAsync(ConcurrentDictionary<string, bool> sent, Task publishing, int more)
    {
        int goal = sent.Count + more;
        await Eventually.True(() => publishing.IsCompleted || sent.Count >= goal, $"{more} messages more were acknowledged");
        Assert.False(publishing.IsFaulted, publishing.Exception?.ToString());
    }

    private static async Task ReceiveAsync(IMessageStream stream, ICollection<string> sent, bool accept)
    {
        HashSet<string> missing = [.. sent];
        using var batch = new MessageBatch();
        while (missing.Count > 0)
        {
            await stream.ReceiveAsync(batch, 200, Timeout.InfiniteTimeSpan).Within($"one of {missing.Count} of {sent.Count} messages arrived");
            for (int i = 0; i < batch.Count; i++)
            {
                missing.Remove(Encoding.UTF8.GetString(batch[i].Body.Span));
                if (accept)
                {
                    await stream.SettleAsync(batch[i].Delivery, Settlement.Accept);
                }
            }
        }
    }
}
