using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Cluster;

/// <summary>Bodies that a producer compressed, as the gateway hands them out.</summary>
public sealed class CompressedBodies
{
    [Theory]
    [InlineData(CompressionType.Zlib)]
    [InlineData(CompressionType.Lz4)]
    public async Task A_compressed_body_is_read_unpacked(CompressionType compression)
    {
        string text = string.Concat(Enumerable.Repeat("the same words again and again, ", 400));
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using ClusterBridge bridge = await ClusterBridge.OpenAsync(
            new ClusterOptions { NameServers = cluster.NameServers, TopicInterval = TimeSpan.FromMilliseconds(100) },
            TimeProvider.System,
            NullLoggerFactory.Instance).Within("bridge opened");
        await bridge.Topics.CreateAsync("t", 1);
        await using IMessageStream tail = await bridge.SubscribeAsync(
            new SubscribeRequest { Kind = StreamKind.Tail, Topics = TopicSelection.Of("t") }).Within("tail subscribed");
        await using var producer = new Producer(new ProducerOptions { Compression = compression, Client = { NameServers = cluster.NameServers } });
        await producer.StartAsync();
        await producer.SendAsync(new Message("t", Encoding.UTF8.GetBytes(text))).Within("sent");

        using var batch = new MessageBatch();
        await tail.ReceiveAsync(batch, 1, Timeout.InfiniteTimeSpan).Within("the message arrived");
        Assert.Equal(text, Encoding.UTF8.GetString(batch[0].Body.Span));
    }
}
