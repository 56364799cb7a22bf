using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class TailContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    [Fact]
    public async Task Every_tail_receives_what_is_published_after_it_and_nothing_from_before()
    {
        string topic = Fixture.Name("tail");
        await using IMessageStream witness = await TailAsync(TopicSelection.Of(topic));
        await PublishManyAsync(topic, 5, "before");
        // A message that was acknowledged a moment ago may still be on its way to the streams: wait until it passed.
        await ReceiveAsync(witness, 5);
        await using IMessageStream first = await TailAsync(TopicSelection.Of(topic));
        List<string> sent = await PublishManyAsync(topic, 5, "first");
        await ReceiveAsync(witness, 5);
        await using IMessageStream second = await TailAsync(TopicSelection.Of(topic));
        sent.AddRange(await PublishManyAsync(topic, 5, "second"));

        Assert.Equal(sent.Order(StringComparer.Ordinal), Texts(await ReceiveAsync(first, 10)));
        Assert.Equal(sent.Skip(5), Texts(await ReceiveAsync(second, 5)));
    }

    [Fact]
    public async Task A_tail_of_all_topics_receives_topics_that_are_created_later_and_none_of_the_system()
    {
        await using IMessageStream tail = await TailAsync(TopicSelection.All);
        string topic = Fixture.Name("new");
        string group = Fixture.Name("g");
        await PublishAsync(topic, "one");
        await using IMessageStream member = await JoinAsync(group, topic);
        Received delivered = await ReceiveOneAsync(member);
        await member.SettleAsync(delivered.Delivery, Settlement.Release());
        await member.SettleAsync((await ReceiveOneAsync(member)).Delivery, Settlement.DeadLetter);
        await Bridge.State.PutAsync("space", "key", new byte[1]);
        await PublishAsync(Fixture.Name("other"), "two");

        Assert.Equal(["one", "two"], Texts(await ReceiveAsync(tail, 2)));
    }

    [Fact]
    public async Task A_tail_of_named_topics_receives_only_those_until_the_selection_changes()
    {
        string a = Fixture.Name("a");
        string b = Fixture.Name("b");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(a));
        await PublishAsync(b, "b1");
        await PublishAsync(a, "a1");
        Assert.Equal("a1", (await ReceiveOneAsync(tail)).Text);

        await tail.SelectAsync(TopicSelection.Of(a, b)).Within("selection changed");
        await PublishAsync(b, "b2");
        Assert.Equal("b2", (await ReceiveOneAsync(tail)).Text);

        await tail.SelectAsync(TopicSelection.Of(b)).Within("selection changed");
        await PublishAsync(a, "a2");
        await PublishAsync(b, "b3");
        Assert.Equal("b3", (await ReceiveOneAsync(tail)).Text);
    }

    [Fact]
    public async Task A_look_back_shows_what_was_stored_in_its_span_until_it_is_enough()
    {
        string topic = Fixture.Name("back");
        await using IMessageStream witness = await TailAsync(TopicSelection.Of(topic));
        DateTimeOffset from = TimeProvider.System.GetUtcNow().AddHours(-1);
        for (int i = 0; i < 20; i++)
        {
            await PublishAsync(topic, $"{i}", tag: $"{i:00}");
        }

        await ReceiveAsync(witness, 20);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i:00}"), await LookBackAsync(topic, from, from.AddHours(2), 20));
        Assert.Equal(3, (await LookBackAsync(topic, from, from.AddHours(2), 3)).Count);
        Assert.Empty(await LookBackAsync(topic, from, from.AddMinutes(1), 20));
        Assert.Empty(await LookBackAsync(topic, from.AddHours(2), from.AddHours(3), 20));
        Assert.Empty(await LookBackAsync(Fixture.Name("none"), from, from.AddHours(2), 20));
    }

    [Fact]
    public async Task A_tail_with_a_filter_receives_its_tags_only()
    {
        string topic = Fixture.Name("tags");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic), "red || blue");
        await PublishAsync(topic, "1", "red", orderingHash: 1);
        await PublishAsync(topic, "2", "green", orderingHash: 1);
        await PublishAsync(topic, "3", orderingHash: 1);
        await PublishAsync(topic, "4", "blue", orderingHash: 1);
        Assert.Equal(["1", "4"], (await ReceiveAsync(tail, 2)).Select(message => message.Text));
    }

    [Fact]
    public async Task No_more_is_received_than_the_credit_and_the_rest_comes_next()
    {
        string topic = Fixture.Name("credit");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        for (int i = 0; i < 20; i++)
        {
            await PublishAsync(topic, $"{i:00}", orderingHash: 1);
        }

        List<Received> received = await ReceiveAsync(tail, 20, credit: 7);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i:00}"), received.Select(message => message.Text));
    }

    [Fact]
    public async Task A_receive_that_waits_for_nothing_answers_zero_at_once()
    {
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(Fixture.Name("quiet")));
        using var batch = new MessageBatch();
        Assert.Equal(0, await tail.ReceiveAsync(batch, 1, TimeSpan.Zero).Within("receive without wait ended"));
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public async Task A_cancelled_receive_loses_nothing()
    {
        string topic = Fixture.Name("cancel");
        await using IMessageStream tail = await TailAsync(TopicSelection.Of(topic));
        using var batch = new MessageBatch();
        for (int i = 0; i < 10; i++)
        {
            using var cancel = new CancellationTokenSource();
            Task<int> receive = tail.ReceiveAsync(batch, 10, Forever, cancel.Token).AsTask();
            Task publish = PublishAsync(topic, $"{i}");
            await cancel.CancelAsync();
            try
            {
                Assert.Equal(1, await receive.Within("receive ended"));
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(1, await tail.ReceiveAsync(batch, 10, Forever).Within("message arrived after the cancelled receive"));
            }

            Assert.Equal($"{i}", Copies(batch).Single().Text);
            await publish;
        }
    }

    [Fact]
    public async Task A_tail_settles_nothing()
    {
        await using IMessageStream tail = await TailAsync(TopicSelection.All);
        await RefusedAsync(BridgeError.DeliveryUnknown, () => tail.SettleAsync(new DeliveryId(1), Settlement.Accept).AsTask());
    }

    [Fact]
    public async Task Impossible_subscriptions_are_refused_with_their_reason()
    {
        string topic = Fixture.Name("bad");
        await RefusedAsync(BridgeError.FilterInvalid, () => TailAsync(TopicSelection.Of(topic), "a||"));
        await RefusedAsync(BridgeError.TopicInvalid, () => TailAsync(TopicSelection.Of("a/b")));
        await RefusedAsync(BridgeError.GroupInvalid, () => JoinAsync("bad group", topic));
        await RefusedAsync(BridgeError.InvalidArgument, () => JoinAsync(Fixture.Name("g"), TopicSelection.All));
        await RefusedAsync(BridgeError.InvalidArgument, () => JoinAsync(Fixture.Name("g"), TopicSelection.None));
        await RefusedAsync(BridgeError.InvalidArgument, () => JoinAsync(Fixture.Name("g"), topic, lease: TimeSpan.Zero));
    }

    private async Task<List<string>> LookBackAsync(string topic, DateTimeOffset from, DateTimeOffset to, int enough)
    {
        List<string> tags = [];
        await Bridge.LookBackAsync(new LookBack(topic, from, to)
        {
            Show = properties =>
            {
                tags.Add(properties.GetString(PropertyNames.Tags)!);
                return tags.Count < enough;
            },
        }).AsTask().Within("the look back has ended");
        return [.. tags.Order(StringComparer.Ordinal)];
    }
}
