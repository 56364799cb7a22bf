using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class ReaderContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    [Fact]
    public async Task Queues_are_read_at_any_offset_without_anybody_consuming()
    {
        string topic = Fixture.Name("read");
        List<string> sent = await PublishManyAsync(topic, 20);
        await AllThereAsync(topic, 20);

        List<string> read = [];
        foreach (QueueRange queue in await Bridge.Reader.ListQueuesAsync(topic))
        {
            Assert.Equal(0, queue.First);
            List<string> whole = await ReadAsync(topic, queue.Name, 0, 3);
            Assert.Equal(whole.Skip(2), await ReadAsync(topic, queue.Name, 2, 100));
            read.AddRange(whole);
        }

        Assert.Equal(sent.Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));
        await using IMessageStream member = await JoinAsync(Fixture.Name("g"), topic);
        Assert.Equal(20, (await ConsumeAsync(member, 20)).Count);
    }

    [Fact]
    public async Task A_filter_leaves_messages_out_and_the_place_moves_over_them()
    {
        string topic = Fixture.Name("filtered");
        for (int i = 0; i < 10; i++)
        {
            await PublishAsync(topic, $"{i}", i % 2 == 0 ? "even" : "odd", orderingHash: 0);
        }

        await AllThereAsync(topic, 10);
        QueueRange queue = (await Bridge.Reader.ListQueuesAsync(topic)).Single(queue => queue.End > 0);
        Assert.Equal(["1", "3", "5", "7", "9"], await ReadAsync(topic, queue.Name, 0, 100, new GroupFilter(TagExpression.Parse("odd"), null)));
        Assert.Empty(await ReadAsync(topic, queue.Name, 0, 100, new GroupFilter(TagExpression.Parse("neither"), null)));
    }

    [Fact]
    public async Task A_time_is_found_in_a_queue_and_a_later_one_is_its_end()
    {
        string topic = Fixture.Name("times");
        await PublishAsync(topic, "x", orderingHash: 0);
        await AllThereAsync(topic, 1);
        QueueRange queue = (await Bridge.Reader.ListQueuesAsync(topic)).Single(queue => queue.End > 0);

        Assert.Equal(0, await Bridge.Reader.SearchAsync(topic, queue.Name, DateTimeOffset.UnixEpoch));
        Assert.Equal(1, await Bridge.Reader.SearchAsync(topic, queue.Name, TimeProvider.System.GetUtcNow().AddYears(1)));
    }

    [Fact]
    public async Task A_publish_is_found_by_its_unique_key_and_messages_by_their_keys()
    {
        string topic = Fixture.Name("keys");
        string unique = Fixture.Name("K");
        var properties = default(PropertyTextWriter);
        properties.Write(PropertyNames.Keys, "k1 k2");
        properties.Write(PropertyNames.UniqueKey, unique);
        properties.Write(PropertyNames.RequestDigest, "d"u8);
        PublishReceipt receipt = await Bridge.PublishAsync(new PublishMessage(topic, "x"u8.ToArray(), new MessageProperties(properties.Written.Text.ToArray())));
        properties.Dispose();
        DateTimeOffset since = TimeProvider.System.GetUtcNow().AddHours(-1);

        FoundPublish? found = null;
        await Eventually.TrueAsync(async () => (found = await Bridge.Reader.FindPublishAsync(topic, unique, since)) is not null, "the publish is found");

        Assert.Equal("d", found!.Digest);
        Assert.Equal((receipt.QueueId, receipt.QueueOffset, receipt.MessageId.ToString()), (found.Receipt.QueueId, found.Receipt.QueueOffset, found.Receipt.MessageId.ToString()));
        Assert.Null(await Bridge.Reader.FindPublishAsync(topic, unique, TimeProvider.System.GetUtcNow().AddHours(1)));
        Assert.Null(await Bridge.Reader.FindPublishAsync(topic, "another", since));
        using var batch = new MessageBatch();
        await Bridge.Reader.FindByKeyAsync(new KeyQuery(topic, "k2", 10, null, null), batch);
        Assert.Equal("x", Encoding.UTF8.GetString(batch[0].Body.Span));
    }

    [Fact]
    public async Task A_queue_that_is_none_is_refused_and_a_topic_that_is_none_has_no_queues()
    {
        string topic = Fixture.Name("there");
        await PublishAsync(topic, "x");
        await AllThereAsync(topic, 1);
        using var batch = new MessageBatch();

        Assert.Empty(await Bridge.Reader.ListQueuesAsync(Fixture.Name("nowhere")));
        await RefusedAsync(BridgeError.InvalidArgument, () => Bridge.Reader.ReadAsync(new QueueQuery(topic, "77", 0, 1), batch).AsTask());
        await RefusedAsync(BridgeError.TopicNotFound, () => Bridge.Reader.ReadAsync(new QueueQuery(Fixture.Name("nowhere"), "0", 0, 1), batch).AsTask());
    }

    private Task AllThereAsync(string topic, int count)
        => Eventually.TrueAsync(
            async () => (await Bridge.Reader.ListQueuesAsync(topic)).Sum(queue => queue.End) >= count,
            $"{count} messages of {topic} are seen");

    private async Task<List<string>> ReadAsync(string topic, string queue, long offset, int max, GroupFilter? filter = null)
    {
        List<string> texts = [];
        using var batch = new MessageBatch();
        while (true)
        {
            batch.Clear();
            QueueRead read = await Bridge.Reader.ReadAsync(new QueueQuery(topic, queue, offset, max) { Filter = filter }, batch);
            texts.AddRange(Copies(batch).Select(message => message.Text));
            if (read.Next <= offset)
            {
                return texts;
            }

            offset = read.Next;
        }
    }
}
