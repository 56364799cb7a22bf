using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class PublishContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    [Theory]
    [InlineData("%00")]
    [InlineData("%24SYSTEM")]
    [InlineData("%C3%BCber")]
    public async Task A_topic_whose_name_begins_with_an_escape_is_made_by_publishing_to_it(string name)
    {
        string topic = Fixture.Name(name);
        await PublishAsync(topic, "x");
        Assert.NotNull(await Bridge.Topics.FindAsync(topic));
    }

    [Fact]
    public async Task A_message_comes_back_with_every_field()
    {
        string topic = Fixture.Name("fields");
        await using IMessageStream tail = await TailAsync(TopicSelection.All);
        var properties = default(PropertyTextWriter);
        properties.Write(PropertyNames.Tags, "kitchen/temp");
        properties.Write(PropertyNames.Keys, "k1 k2");
        properties.Write("color"u8, "grün");
        byte[] body = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var born = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

        PublishReceipt receipt = await Bridge.PublishAsync(new PublishMessage(topic, body, properties.Written) { BornAt = born }).Within("publish completed");

        using var batch = new MessageBatch();
        Assert.Equal(1, await tail.ReceiveAsync(batch, 10, Forever).Within("message arrived"));
        BridgeMessage message = batch[0];
        Assert.Equal(topic, message.Topic);
        Assert.Equal(body, message.Body.ToArray());
        Assert.Equal("kitchen/temp", message.Properties.GetString(PropertyNames.Tags));
        Assert.Equal("k1 k2", message.Properties.GetString(PropertyNames.Keys));
        Assert.Equal("grün", message.Properties.GetString("color"u8));
        Assert.DoesNotContain("__CRC32#", Encoding.UTF8.GetString(message.Properties.Text.Span), StringComparison.Ordinal);
        Assert.Equal(born, message.BornAt);
        Assert.Equal(receipt.QueueId, message.QueueId);
        Assert.Equal(receipt.QueueOffset, message.QueueOffset);
        Assert.Equal(receipt.MessageId, message.MessageId);
        Assert.Equal(1, message.Attempt);
        Assert.NotEqual(default, message.StoredAt);
        properties.Dispose();
    }

    [Fact]
    public async Task A_message_without_properties_and_with_the_largest_body_comes_back()
    {
        string topic = Fixture.Name("large");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        byte[] body = new byte[Bridge.Capabilities.MaxBodySize];
        new Random(7).NextBytes(body);

        await Bridge.PublishAsync(new PublishMessage(topic, body, default)).Within("publish of the largest body completed");

        using var batch = new MessageBatch();
        await tail.ReceiveAsync(batch, 1, Forever).Within("largest body arrived");
        Assert.True(batch[0].Body.Span.SequenceEqual(body));
        Assert.Null(batch[0].Properties.GetString(PropertyNames.Tags));
    }

    [Fact]
    public async Task An_empty_body_comes_back()
    {
        string topic = Fixture.Name("empty");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        await PublishAsync(topic, "", tag: "t");
        Received received = await ReceiveOneAsync(tail);
        Assert.Equal("", received.Text);
        Assert.Equal("t", received.Tag);
    }

    [Fact]
    public async Task Messages_of_one_ordering_hash_go_to_one_queue_in_the_order_of_the_calls()
    {
        string topic = Fixture.Name("order");
        await PublishAsync(topic, "makes the topic", orderingHash: 1);
        List<Task<PublishReceipt>> publishes = [];
        for (int i = 0; i < 200; i++)
        {
            publishes.Add(Bridge.PublishAsync(
                new PublishMessage(topic, Encoding.UTF8.GetBytes($"{i}"), default) { OrderingHash = i % 3 }).AsTask());
        }

        PublishReceipt[] receipts = await Task.WhenAll(publishes).Within("all publishes completed");
        for (int hash = 0; hash < 3; hash++)
        {
            PublishReceipt[] ofHash = [.. receipts.Where((_, i) => i % 3 == hash)];
            Assert.Single(ofHash.Select(receipt => receipt.QueueId).Distinct());
            Assert.Equal(ofHash.Select(receipt => receipt.QueueOffset).Order(), ofHash.Select(receipt => receipt.QueueOffset));
        }
    }

    [Fact]
    public async Task Borrowed_memory_may_be_overwritten_once_the_publish_completed()
    {
        string topic = Fixture.Name("borrowed");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        byte[] body = "before"u8.ToArray();
        byte[] properties = Tagged("before").Text.ToArray();
        await Bridge.PublishAsync(new PublishMessage(topic, body, new MessageProperties(properties))).Within("publish completed");
        body.AsSpan().Fill((byte)'x');
        properties.AsSpan().Fill((byte)'x');

        Received received = await ReceiveOneAsync(tail);
        Assert.Equal("before", received.Text);
        Assert.Equal("before", received.Tag);
    }

    [Fact]
    public Task Publishes_from_many_threads_are_all_received_once_and_in_order_of_their_key()
        => Seeded.RunAsync(async random =>
        {
            const int Publishers = 8;
            const int Each = 100;
            string topic = Fixture.Name($"stress{random.Next(1000)}");
            await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
            int[] sizes = [.. Enumerable.Range(0, Publishers).Select(_ => random.Next(0, 3000))];
            Task publishing = Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    await PublishAsync(topic, $"{publisher}:{i}:{new string('x', sizes[publisher])}", orderingHash: publisher);
                }
            })));

            List<Received> received = await ReceiveAsync(tail, Publishers * Each, credit: 33);
            await publishing.Within("all publishers finished");
            foreach (IGrouping<string, string[]> publisher in received.Select(message => message.Text.Split(':')).GroupBy(parts => parts[0]))
            {
                Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{i}"), publisher.Select(parts => parts[1]));
            }
        });

    [Fact]
    public async Task A_delayed_message_comes_after_its_delay()
    {
        string topic = Fixture.Name("delayed");
        TimeSpan delay = Bridge.Capabilities.DelayLevels[0];
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        await PublishAsync(topic, "later", tag: "t", delay: delay);
        await PublishAsync(topic, "now");
        Assert.Equal("now", (await ReceiveOneAsync(tail)).Text);
        await Fixture.LetPassAsync(delay);
        Received later = await ReceiveOneAsync(tail);
        Assert.Equal("later", later.Text);
        Assert.Equal("t", later.Tag);
        Assert.Equal(topic, later.Topic);
    }

    [Fact]
    public async Task A_message_with_any_delay_comes_after_it_where_that_is_possible()
    {
        if (Bridge.Capabilities.MaxDelay == TimeSpan.Zero)
        {
            return;
        }

        string topic = Fixture.Name("timed");
        TimeSpan delay = TimeSpan.FromMilliseconds(1700);
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        await PublishAsync(topic, "later", tag: "t", delay: delay);
        await PublishAsync(topic, "now");
        Assert.Equal("now", (await ReceiveOneAsync(tail)).Text);
        await Fixture.LetPassAsync(TimeSpan.FromSeconds(3));
        Received later = await ReceiveOneAsync(tail);
        Assert.Equal(("later", "t", topic), (later.Text, later.Tag, later.Topic));
        await PublishAsync(topic, "far", delay: Bridge.Capabilities.MaxDelay - TimeSpan.FromHours(1));
        await RefusedAsync(BridgeError.InvalidArgument, () => PublishAsync(topic, "too far", delay: Bridge.Capabilities.MaxDelay + TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task What_cannot_be_published_is_refused_with_its_reason()
    {
        string topic = Fixture.Name("refused");
        byte[] tooLarge = new byte[Bridge.Capabilities.MaxBodySize + 1];
        await RefusedAsync(BridgeError.MessageTooLarge, () => Bridge.PublishAsync(new PublishMessage(topic, tooLarge, default)).AsTask());
        await RefusedAsync(BridgeError.PropertiesInvalid, () => Bridge.PublishAsync(new PublishMessage(topic, default, Tagged(new string('x', Bridge.Capabilities.MaxPropertiesSize)))).AsTask());
        await RefusedAsync(BridgeError.TopicInvalid, () => Bridge.PublishAsync(new PublishMessage("a/b", default, default)).AsTask());
        await RefusedAsync(BridgeError.TopicInvalid, () => Bridge.PublishAsync(new PublishMessage("", default, default)).AsTask());
        await RefusedAsync(BridgeError.TopicInvalid, () => Bridge.PublishAsync(new PublishMessage(new string('t', 128), default, default)).AsTask());
        await RefusedAsync(BridgeError.InvalidArgument, () => PublishAsync(topic, "x", delay: TimeSpan.FromDays(1000)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Bridge.PublishAsync(new PublishMessage(topic, default, default), new CancellationToken(true)).AsTask());
        await PublishAsync(topic, "still works");
    }

    [Fact]
    public void The_bridge_says_what_it_can_do_and_that_it_is_ready()
    {
        Assert.True(Bridge.Status.CanPublish && Bridge.Status.CanReceive);
        Assert.NotEmpty(Bridge.Capabilities.Cluster);
        Assert.InRange(Bridge.Capabilities.MaxBodySize, 1024, int.MaxValue);
        Assert.Equal(Bridge.Capabilities.DelayLevels.Order(), Bridge.Capabilities.DelayLevels);
    }
}
