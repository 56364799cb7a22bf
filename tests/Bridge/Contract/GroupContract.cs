using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class GroupContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    private string Topic => Fixture.Name("orders");

    private string Group => Fixture.Name("workers");

    [Fact]
    public virtual async Task A_new_group_begins_at_the_oldest_message_or_at_what_comes()
    {
        List<string> before = await PublishManyAsync(Topic, 5, "before");
        await using IMessageStream earliest = await JoinAsync(Group, Topic);
        Assert.Equal(before, Texts(await ConsumeAsync(earliest, 5)));
        await using IMessageStream latest = await JoinAsync(Fixture.Name("late"), Topic, start: GroupStart.Latest);
        List<string> after = await PublishManyAsync(Topic, 5, "after");

        Assert.Equal(after, Texts(await ConsumeAsync(earliest, 5)));
        Assert.Equal(after, Texts(await ConsumeAsync(latest, 5)));
    }

    [Fact]
    public async Task The_streams_of_a_group_share_its_messages_and_each_message_goes_to_one_of_them()
    {
        await using IMessageStream first = await JoinAsync(Group, Topic);
        await using IMessageStream second = await JoinAsync(Group, Topic);
        await using IMessageStream other = await JoinAsync(Fixture.Name("others"), Topic);
        List<string> sent = await PublishManyAsync(Topic, 30);
        List<Received> shared = [];
        using var batch = new MessageBatch();
        while (shared.Count < 30)
        {
            foreach (IMessageStream stream in (IMessageStream[])[first, second])
            {
                await stream.ReceiveAsync(batch, 2, TimeSpan.Zero).Within("look ended");
                foreach (Received message in Copies(batch).ToList())
                {
                    shared.Add(message);
                    await stream.SettleAsync(message.Delivery, Settlement.Accept);
                }
            }

            await Task.Yield();
        }

        Assert.Equal(sent.Order(StringComparer.Ordinal), Texts(shared));
        Assert.Equal(sent.Order(StringComparer.Ordinal), Texts(await ConsumeAsync(other, 30)));
    }

    [Fact]
    public async Task A_topic_that_is_created_after_the_subscription_is_consumed_from_its_first_message()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic, start: GroupStart.Latest);
        await PublishAsync(Topic, "first");
        Assert.Equal("first", (await ReceiveOneAsync(stream)).Text);
    }

    [Fact]
    public async Task Progress_outlives_a_restart_and_what_was_not_accepted_comes_again()
    {
        List<string> sent = [];
        for (int i = 0; i < 9; i++)
        {
            sent.Add($"{i}");
            await PublishAsync(Topic, $"{i}", orderingHash: 1);
        }

        IMessageStream stream = await JoinAsync(Group, Topic);
        List<Received> received = await ReceiveAsync(stream, 9);
        foreach (Received message in received.Where(message => message.Text != "4"))
        {
            await stream.SettleAsync(message.Delivery, Settlement.Accept);
        }

        await stream.DisposeAsync();
        await Fixture.RestartAsync();
        await PublishAsync(Topic, "marker", orderingHash: 1);
        await using IMessageStream again = await JoinAsync(Group, Topic);

        HashSet<string> seen = [];
        while (!seen.IsSupersetOf(["4", "marker"]))
        {
            foreach (Received message in await ConsumeAsync(again, 1))
            {
                seen.Add(message.Text);
            }
        }

        // Nothing before the lowest unsettled message comes again.
        Assert.DoesNotContain(seen, text => text is "0" or "1" or "2" or "3");
    }

    [Fact]
    public async Task A_released_message_comes_again_as_it_was_with_the_next_attempt()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        await PublishAsync(Topic, "again", tag: "t1");
        Received first = await ReceiveOneAsync(stream);
        Assert.Equal(1, first.Attempt);
        await stream.SettleAsync(first.Delivery, Settlement.Release());

        Received second = await ReceiveOneAsync(stream);
        Assert.Equal(("again", "t1", Topic, 2), (second.Text, second.Tag, second.Topic, second.Attempt));
        Assert.NotEqual(first.Delivery, second.Delivery);
        await RefusedAsync(BridgeError.DeliveryUnknown, () => stream.SettleAsync(first.Delivery, Settlement.Accept).AsTask());
        await stream.SettleAsync(second.Delivery, Settlement.Accept);
    }

    [Fact]
    public async Task A_message_released_with_a_delay_comes_after_it()
    {
        TimeSpan delay = Bridge.Capabilities.DelayLevels[0];
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        await PublishAsync(Topic, "delayed", orderingHash: 1);
        await stream.SettleAsync((await ReceiveOneAsync(stream)).Delivery, Settlement.Release(delay));
        await PublishAsync(Topic, "marker", orderingHash: 1);
        Assert.Equal("marker", (await ConsumeAsync(stream, 1))[0].Text);
        await Fixture.LetPassAsync(delay);
        Received again = await ReceiveOneAsync(stream);
        Assert.Equal(("delayed", 2), (again.Text, again.Attempt));
    }

    [Fact]
    public async Task A_delivery_whose_lease_runs_out_comes_again_and_cannot_be_settled_any_more()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic, lease: TimeSpan.FromSeconds(2));
        await PublishAsync(Topic, "held");
        Received first = await ReceiveOneAsync(stream);
        await Fixture.LetPassAsync(TimeSpan.FromSeconds(3));
        Received second = await ReceiveOneAsync(stream);
        Assert.Equal(("held", 2), (second.Text, second.Attempt));
        await RefusedAsync(BridgeError.DeliveryUnknown, () => stream.SettleAsync(first.Delivery, Settlement.Accept).AsTask());
    }

    [Fact]
    public async Task An_extended_lease_holds_the_delivery()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic, lease: TimeSpan.FromSeconds(2));
        await PublishAsync(Topic, "held");
        Received held = await ReceiveOneAsync(stream);
        await stream.SettleAsync(held.Delivery, Settlement.Extend(TimeSpan.FromMinutes(5)));
        await Fixture.LetPassAsync(TimeSpan.FromSeconds(3));
        await stream.SettleAsync(held.Delivery, Settlement.Accept);
    }

    [Fact]
    public async Task A_dead_letter_goes_to_the_groups_dead_letters_and_does_not_come_again()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        await PublishAsync(Topic, "poison", tag: "t");
        await stream.SettleAsync((await ReceiveOneAsync(stream)).Delivery, Settlement.DeadLetter);
        await PublishAsync(Topic, "marker");
        Assert.Equal("marker", (await ConsumeAsync(stream, 1))[0].Text);

        await using IMessageStream dead = await JoinAsync(Fixture.Name("undertaker"), $"%DLQ%{Group}");
        Received letter = await ReceiveOneAsync(dead);
        Assert.Equal(("poison", "t", $"%DLQ%{Group}"), (letter.Text, letter.Tag, letter.Topic));
        await dead.SettleAsync(letter.Delivery, Settlement.Release());
        Assert.Equal("poison", (await ConsumeAsync(dead, 1))[0].Text);
    }

    [Fact]
    public async Task A_message_that_is_always_released_becomes_a_dead_letter_after_the_last_attempt()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        await PublishAsync(Topic, "stubborn");
        for (int attempt = 1; attempt <= Fixture.MaxAttempts; attempt++)
        {
            Received received = await ReceiveOneAsync(stream);
            Assert.Equal(attempt, received.Attempt);
            await stream.SettleAsync(received.Delivery, Settlement.Release());
        }

        await using IMessageStream dead = await JoinAsync(Fixture.Name("undertaker"), $"%DLQ%{Group}");
        Assert.Equal("stubborn", (await ReceiveOneAsync(dead)).Text);
    }

    [Fact]
    public async Task What_a_closed_stream_held_goes_to_another_stream_at_once()
    {
        await using IMessageStream stays = await JoinAsync(Group, Topic);
        IMessageStream goes = await JoinAsync(Group, Topic);
        await PublishAsync(Topic, "m");
        Received held = await ReceiveOneAsync(goes);
        await goes.DisposeAsync();
        Received again = await ReceiveOneAsync(stays);
        Assert.Equal(("m", 2), (again.Text, again.Attempt));
        await RefusedAsync(BridgeError.DeliveryUnknown, () => stays.SettleAsync(held.Delivery, Settlement.Accept).AsTask());
    }

    [Fact]
    public async Task No_more_is_received_than_the_credit()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        List<string> sent = await PublishManyAsync(Topic, 12);
        Assert.Equal(sent.Order(StringComparer.Ordinal), Texts(await ReceiveAsync(stream, 12, credit: 5)));
        using var batch = new MessageBatch();
        Assert.Equal(0, await stream.ReceiveAsync(batch, 5, TimeSpan.Zero).Within("look ended"));
    }

    [Fact]
    public async Task A_cancelled_receive_loses_nothing()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        using var batch = new MessageBatch();
        for (int i = 0; i < 10; i++)
        {
            using var cancel = new CancellationTokenSource();
            Task<int> receive = stream.ReceiveAsync(batch, 10, Forever, cancel.Token).AsTask();
            Task publish = PublishAsync(Topic, $"{i}");
            await cancel.CancelAsync();
            try
            {
                Assert.Equal(1, await receive.Within("receive ended"));
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(1, await stream.ReceiveAsync(batch, 10, Forever).Within("message arrived after the cancelled receive"));
            }

            Received received = Copies(batch).Single();
            Assert.Equal(($"{i}", 1), (received.Text, received.Attempt));
            await stream.SettleAsync(received.Delivery, Settlement.Accept);
            await publish;
        }
    }

    [Fact]
    public async Task A_group_with_a_filter_receives_its_tags_and_all_its_members_use_one_filter()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic, "red || blue");
        await PublishAsync(Topic, "1", "red");
        await PublishAsync(Topic, "2", "green");
        await PublishAsync(Topic, "3");
        await PublishAsync(Topic, "4", "blue");
        Assert.Equal(["1", "4"], Texts(await ConsumeAsync(stream, 2)));
        await RefusedAsync(BridgeError.FilterInvalid, () => JoinAsync(Group, Topic, "green"));
        await using IMessageStream same = await JoinAsync(Group, Topic, "blue||red");
    }

    [Fact]
    public async Task A_group_with_a_filter_on_names_passes_over_what_does_not_match()
    {
        // The name that a message is delivered under counts, also where it is another one than that of topic and tag.
        await using IMessageStream stream = await JoinByNamesAsync(Group, $"{Topic}/+/temp", holdsOtherNames: false);
        await PublishAsync(Topic, "1", "kitchen/temp");
        await PublishAsync(Topic, "2", "kitchen/humidity");
        await PublishAsync(Topic, "3");
        await PublishAsync(Topic, "4", "a/b/temp");
        await PublishAsync(Topic, "5", "hall/temp");
        Assert.Equal(["1", "5"], Texts(await ConsumeAsync(stream, 2)));
    }

    [Fact]
    public async Task A_filter_on_names_that_tags_can_say_is_the_same_filter_and_another_one_is_refused()
    {
        await using IMessageStream stream = await JoinByNamesAsync(Group, $"{Topic}/red", holdsOtherNames: false);
        await using IMessageStream same = await JoinAsync(Group, Topic, "red");
        await RefusedAsync(BridgeError.FilterInvalid, () => JoinAsync(Group, Topic));
        await RefusedAsync(BridgeError.FilterInvalid, () => JoinByNamesAsync(Group, $"{Topic}/red", holdsOtherNames: true));
        // Who names none takes the group's.
        await using IMessageStream any = await Bridge.SubscribeAsync(new SubscribeRequest { Kind = StreamKind.Group, Topics = TopicSelection.Of(Topic), Group = Group, AnyFilter = true })
            .Within("a stream without a filter joined");
    }

    [Fact]
    public async Task A_stream_receives_several_topics_and_those_selected_later()
    {
        string second = Fixture.Name("second");
        string third = Fixture.Name("third");
        await using IMessageStream stream = await JoinAsync(Group, TopicSelection.Of(Topic, second));
        await PublishAsync(Topic, "1");
        await PublishAsync(second, "2");
        Assert.Equal([(Topic, "1"), (second, "2")], (await ConsumeAsync(stream, 2)).Select(message => (message.Topic, message.Text)).OrderBy(pair => pair.Text));
        await stream.SelectAsync(TopicSelection.Of(Topic, second, third)).Within("selection changed");
        await PublishAsync(third, "3");
        Assert.Equal("3", (await ConsumeAsync(stream, 1))[0].Text);
    }

    [Fact]
    public async Task Streams_of_one_group_may_receive_different_topics()
    {
        string other = Fixture.Name("other");
        await using IMessageStream first = await JoinAsync(Group, Topic);
        await using IMessageStream second = await JoinAsync(Group, other);
        await PublishAsync(Topic, "1");
        await PublishAsync(other, "2");
        Received one = await ReceiveOneAsync(first);
        await first.SettleAsync(one.Delivery, Settlement.Release());
        Assert.Equal("2", (await ConsumeAsync(second, 1))[0].Text);
        Assert.Equal(("1", 2), (await ConsumeAsync(first, 1)).Select(message => (message.Text, message.Attempt)).Single());
    }

    [Fact]
    public async Task A_delivery_is_settled_once()
    {
        await using IMessageStream stream = await JoinAsync(Group, Topic);
        await PublishAsync(Topic, "m");
        Received received = await ReceiveOneAsync(stream);
        await stream.SettleAsync(received.Delivery, Settlement.Accept);
        await RefusedAsync(BridgeError.DeliveryUnknown, () => stream.SettleAsync(received.Delivery, Settlement.Accept).AsTask());
        await RefusedAsync(BridgeError.DeliveryUnknown, () => stream.SettleAsync(new DeliveryId(long.MaxValue), Settlement.Release()).AsTask());
        await RefusedAsync(BridgeError.DeliveryUnknown, () => stream.SettleAsync(default, Settlement.DeadLetter).AsTask());
    }

    [Fact]
    public Task Every_message_is_accepted_whatever_the_streams_do_with_it_before()
        => Seeded.RunAsync(async random =>
        {
            const int Messages = 300;
            int seed = random.Next();
            HashSet<string> accepted = [];
            var all = new Signal($"all {Messages} messages were accepted");
            using var stop = new CancellationTokenSource();
            Task[] streams = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => WorkAsync(new Random(seed + i), accepted, Messages, all, stop.Token)))];
            await Task.WhenAll(Enumerable.Range(0, 4).Select(publisher => PublishManyAsync(Topic, Messages / 4, $"p{publisher}-")));
            await Task.WhenAny(all.WaitAsync(TimeSpan.FromSeconds(60)), Task.WhenAll(streams)).Unwrap();
            await stop.CancelAsync();
            await Task.WhenAll(streams);
            Assert.Equal(Messages, accepted.Count);
        });

    private async Task WorkAsync(Random random, HashSet<string> accepted, int messages, Signal all, CancellationToken stop)
    {
        IMessageStream stream = await JoinAsync(Group, Topic);
        using var batch = new MessageBatch();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await stream.ReceiveAsync(batch, random.Next(1, 20), Forever, stop);
                foreach (Received message in Copies(batch).ToList())
                {
                    bool accept = random.Next(10) != 0;
                    await stream.SettleAsync(message.Delivery, accept ? Settlement.Accept : Settlement.Release(), CancellationToken.None)
                        .Within($"settlement of {message.Text} ended");
                    lock (accepted)
                    {
                        // Accepted once: it does not come again.
                        Assert.True(!accept || accepted.Add(message.Text), $"{message.Text} came again after it was accepted");
                        if (accepted.Count == messages)
                        {
                            all.Set();
                        }
                    }
                }

                if (random.Next(20) == 0)
                {
                    await stream.DisposeAsync();
                    stream = await JoinAsync(Group, Topic);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // All were accepted.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private Task<IMessageStream> JoinByNamesAsync(string group, string filter, bool holdsOtherNames)
        => Bridge.SubscribeAsync(new SubscribeRequest
        {
            Kind = StreamKind.Group,
            Topics = TopicSelection.Of(Topic),
            Group = group,
            Names = new NameFilter(System.Text.Encoding.UTF8.GetBytes(filter), _ => holdsOtherNames),
        }).Within("a stream with a filter on names joined");
}
