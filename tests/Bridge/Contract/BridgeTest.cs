using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

/// <summary>A copy of a received message.</summary>
public sealed record Received(string Topic, string Text, string? Tag, int Attempt, DeliveryId Delivery, int QueueId, long QueueOffset);

/// <summary>What the tests of the contract have in common.</summary>
public abstract class BridgeTest<TFixture> : IAsyncLifetime
    where TFixture : BridgeFixture, new()
{
    protected static TimeSpan Forever => Timeout.InfiniteTimeSpan;

    protected TFixture Fixture { get; } = new();

    protected IMessageBridge Bridge => Fixture.Bridge;

    public Task InitializeAsync() => Fixture.StartAsync();

    public async Task DisposeAsync() => await Fixture.DisposeAsync();

    protected static MessageProperties Tagged(string? tag)
    {
        var writer = default(PropertyTextWriter);
        if (tag is not null)
        {
            writer.Write(PropertyNames.Tags, tag);
        }

        byte[] text = writer.Written.Text.ToArray();
        writer.Dispose();
        return new MessageProperties(text);
    }

    protected Task<PublishReceipt> PublishAsync(string topic, string text, string? tag = null, int? orderingHash = null, TimeSpan delay = default)
        => Bridge.PublishAsync(new PublishMessage(topic, Encoding.UTF8.GetBytes(text), Tagged(tag)) { OrderingHash = orderingHash, Delay = delay })
            .Within($"publish of {text} completed");

    protected async Task<List<string>> PublishManyAsync(string topic, int count, string prefix = "m")
    {
        List<string> texts = [];
        for (int i = 0; i < count; i++)
        {
            texts.Add($"{prefix}{i}");
            await PublishAsync(topic, texts[^1]);
        }

        return texts;
    }

    protected Task<IMessageStream> TailAsync(TopicSelection topics, string filter = "*")
        => Bridge.SubscribeAsync(new SubscribeRequest { Kind = StreamKind.Tail, Topics = topics, Filter = filter })
            .Within("tail subscription in force");

    protected Task<IMessageStream> JoinAsync(string group, string topic, string filter = "*", GroupStart start = GroupStart.Earliest, TimeSpan? lease = null)
        => JoinAsync(group, TopicSelection.Of(topic), filter, start, lease);

    protected Task<IMessageStream> JoinAsync(string group, TopicSelection topics, string filter = "*", GroupStart start = GroupStart.Earliest, TimeSpan? lease = null)
        => Bridge.SubscribeAsync(new SubscribeRequest
        {
            Kind = StreamKind.Group,
            Topics = topics,
            Group = group,
            Filter = filter,
            Start = start,
            Lease = lease ?? TimeSpan.FromMinutes(10),
            Subscriber = "contract",
        }).Within($"subscription of group {group} in force");

    /// <summary>Receives exactly so many messages, in as many receives as it takes.</summary>
    protected static async Task<List<Received>> ReceiveAsync(IMessageStream stream, int count, int credit = int.MaxValue)
    {
        using var batch = new MessageBatch();
        List<Received> received = [];
        while (received.Count < count)
        {
            int max = Math.Min(credit, count - received.Count);
            int got = await stream.ReceiveAsync(batch, max, Forever).Within($"message {received.Count + 1} of {count} arrived");
            Assert.InRange(got, 1, max);
            Assert.Equal(got, batch.Count);
            received.AddRange(Copies(batch));
        }

        return received;
    }

    protected static async Task<Received> ReceiveOneAsync(IMessageStream stream) => (await ReceiveAsync(stream, 1))[0];

    /// <summary>Receives and accepts exactly so many messages.</summary>
    protected static async Task<List<Received>> ConsumeAsync(IMessageStream stream, int count)
    {
        List<Received> received = await ReceiveAsync(stream, count);
        foreach (Received message in received)
        {
            await stream.SettleAsync(message.Delivery, Settlement.Accept);
        }

        return received;
    }

    protected static IEnumerable<Received> Copies(MessageBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            BridgeMessage message = batch[i];
            yield return new Received(
                message.Topic,
                Encoding.UTF8.GetString(message.Body.Span),
                message.Properties.GetString(PropertyNames.Tags),
                message.Attempt,
                message.Delivery,
                message.QueueId,
                message.QueueOffset);
        }
    }

    protected static IEnumerable<string> Texts(IEnumerable<Received> received) => received.Select(message => message.Text).Order(StringComparer.Ordinal);

    protected static async Task RefusedAsync(BridgeError error, Func<Task> call)
        => Assert.Equal(error, (await Assert.ThrowsAsync<BridgeException>(call)).Error);
}
