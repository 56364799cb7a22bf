using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

/// <summary>What every bridge does for operators.</summary>
public abstract class AdministrationContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    private IAdministration Brokers => Bridge.Administration ?? throw new InvalidOperationException("The bridge has no administration.");

    [Fact]
    public async Task A_broker_says_that_it_works()
    {
        BrokerState broker = Assert.Single(await Brokers.GetBrokersAsync());

        Assert.True(broker.CanRead && broker.CanWrite, broker.Reason);
        Assert.NotEmpty(broker.Name);
        Assert.NotEmpty(broker.Version);
    }

    [Fact]
    public async Task A_topic_has_settings_and_the_ends_of_its_queues()
    {
        string topic = Fixture.Name("managed");
        await Bridge.Topics.CreateAsync(topic, 2);
        await PublishManyAsync(topic, 5);

        TopicState? found = await Brokers.Topics.FindAsync(topic);
        IReadOnlyList<QueueState> queues = [];
        await Eventually.TrueAsync(
            async () => (queues = await Brokers.Topics.GetQueuesAsync(topic)).Sum(queue => queue.End - queue.First) == 5,
            "all that was published can be read");

        Assert.Equal((topic, TopicKind.User, 2, true, true), (found!.Name, found.Kind, found.Queues, found.CanRead, found.CanWrite));
        Assert.Contains(await Brokers.Topics.ListAsync(), listed => listed.Name == topic);
        Assert.Equal([0, 1], queues.Select(queue => queue.QueueId));
        Assert.Contains(queues, queue => queue.LastStoredAt is not null);
    }

    [Fact]
    public async Task A_topic_grows_and_does_not_shrink()
    {
        string topic = Fixture.Name("growing");
        await Bridge.Topics.CreateAsync(topic, 2);

        Assert.Equal(4, (await Brokers.Topics.PutAsync(topic, new TopicChange(Queues: 4))).Queues);
        Assert.Equal(4, (await Brokers.Topics.PutAsync(topic, new TopicChange(Queues: 1))).Queues);
    }

    [Fact]
    public async Task A_topic_that_is_not_there_is_not_found()
    {
        string topic = Fixture.Name("missing");

        Assert.Null(await Brokers.Topics.FindAsync(topic));
        await RefusedAsync(BridgeError.TopicNotFound, async () => await Brokers.Topics.GetQueuesAsync(topic));
        await RefusedAsync(BridgeError.TopicNotFound, async () => await Brokers.Topics.ListGroupsAsync(topic));
    }

    [Fact]
    public async Task A_group_keeps_the_settings_that_it_is_given()
    {
        string group = Fixture.Name("settings");
        Assert.Null(await Brokers.Groups.FindAsync(group));

        await Brokers.Groups.PutAsync(new GroupSettings(group) { CanConsume = false, RetryQueues = 2, MaxRetries = 5 });

        GroupSettings? found = await Brokers.Groups.FindAsync(group);
        Assert.Equal((false, true, 2, 5), (found!.CanConsume, found.CanBroadcast, found.RetryQueues, found.MaxRetries));
        Assert.Contains(await Brokers.Groups.ListAsync(), listed => listed.Name == group);

        await Brokers.Groups.DeleteAsync(group, removeProgress: true);
        Assert.Null(await Brokers.Groups.FindAsync(group));
    }

    [Fact]
    public async Task A_group_has_members_and_lag_until_it_has_consumed()
    {
        string topic = Fixture.Name("lagging");
        string group = Fixture.Name("lagger");
        await Bridge.Topics.CreateAsync(topic, 2);
        await PublishManyAsync(topic, 6);
        await using (IMessageStream stream = await JoinAsync(group, topic))
        {
            GroupMemberState member = Assert.Single(await Brokers.Groups.ListMembersAsync(group));
            Assert.NotEmpty(member.ClientId);
            await ConsumeAsync(stream, 6);
        }

        // Members save their progress now and then, and when they leave.
        await Eventually.TrueAsync(
            async () =>
            {
                await Fixture.LetPassAsync(TimeSpan.FromSeconds(5));
                return await LagAsync(group, topic) == 0;
            },
            "the group's progress is at the end");
        await PublishManyAsync(topic, 3);

        // What is stored is counted once it can be read.
        await Eventually.TrueAsync(async () => await LagAsync(group, topic) == 3, "the group lags by three");
        Assert.True(await Brokers.Groups.GetLagAsync(group) >= 3);
        Assert.Contains(group, await Brokers.Topics.ListGroupsAsync(topic));
    }

    [Fact]
    public async Task A_reset_says_what_it_would_do_and_does_it()
    {
        string topic = Fixture.Name("rewound");
        string group = Fixture.Name("rewinder");
        await Bridge.Topics.CreateAsync(topic, 1);
        await PublishManyAsync(topic, 4);
        await Brokers.Groups.PutAsync(new GroupSettings(group));

        IReadOnlyList<QueueReset> dry = await Brokers.Groups.ResetAsync(new OffsetReset(group, topic, null, DryRun: true));
        Assert.Equal(4, Assert.Single(dry).To);
        Assert.DoesNotContain(await Brokers.Groups.GetProgressAsync(group), queue => queue.Topic == topic && queue.Offset == 4);

        await Brokers.Groups.ResetAsync(new OffsetReset(group, topic, null, DryRun: false));
        Assert.Equal(4, Assert.Single(await Brokers.Groups.GetProgressAsync(group), queue => queue.Topic == topic).Offset);

        await Brokers.Groups.ResetAsync(new OffsetReset(group, topic, DateTimeOffset.UnixEpoch, DryRun: false));
        Assert.Equal(0, Assert.Single(await Brokers.Groups.GetProgressAsync(group), queue => queue.Topic == topic).Offset);
    }

    [Fact]
    public async Task A_group_that_is_read_goes_on_where_a_reset_says()
    {
        string topic = Fixture.Name("rewound-live");
        string group = Fixture.Name("live-rewinder");
        await Bridge.Topics.CreateAsync(topic, 1);
        List<string> texts = await PublishManyAsync(topic, 4);
        await using IMessageStream stream = await JoinAsync(group, topic);
        Assert.Equal(texts, (await ConsumeAsync(stream, 4)).Select(message => message.Text));

        await Brokers.Groups.ResetAsync(new OffsetReset(group, topic, DateTimeOffset.UnixEpoch, DryRun: false));

        Task<List<Received>> again = ConsumeAsync(stream, 4);
        await Eventually.TrueAsync(
            async () =>
            {
                await Fixture.LetPassAsync(TimeSpan.FromMilliseconds(500));
                return again.IsCompleted;
            },
            "the group reads from the beginning again");
        Assert.Equal(texts, (await again).Select(message => message.Text));
        await Eventually.TrueAsync(
            async () =>
            {
                await Fixture.LetPassAsync(TimeSpan.FromSeconds(5));
                return await LagAsync(group, topic) == 0;
            },
            "the progress is saved again");
    }

    [Fact]
    public async Task A_deleted_topic_is_gone()
    {
        string topic = Fixture.Name("deleted");
        await Bridge.Topics.CreateAsync(topic, 1);
        await PublishAsync(topic, "m");

        await Brokers.Topics.DeleteAsync(topic);

        await Eventually.TrueAsync(async () => await Brokers.Topics.FindAsync(topic) is null, "the topic is gone");
    }

    [Fact]
    public async Task A_message_is_found_by_id_and_place()
    {
        string topic = Fixture.Name("found");
        await Bridge.Topics.CreateAsync(topic, 1);
        PublishReceipt receipt = await PublishAsync(topic, "first", "tag");
        await PublishAsync(topic, "second");

        StoredMessage? found = null;
        await Eventually.TrueAsync(async () => (found = await Brokers.Messages.FindAsync(receipt.MessageId.ToString())) is not null, "the message is found");
        StoredMessage read = Assert.Single(await ReadAllAsync(topic), message => message.Offset == receipt.QueueOffset);

        Assert.Equal((topic, receipt.QueueId, receipt.QueueOffset, "first"), (found!.Topic, found.QueueId, found.Offset, Encoding.UTF8.GetString(found.Body.Span)));
        Assert.Equal("tag", found.Properties.GetString(PropertyNames.Tags));
        Assert.Equal((found.MessageId, "first"), (read.MessageId, Encoding.UTF8.GetString(read.Body.Span)));
        Assert.Null(await Brokers.Messages.FindAsync("no id"));
        Assert.Null(await Brokers.Messages.FindAsync("7F00000100000001" + "7FFFFFFFFFFFFFFF"));
    }

    [Fact]
    public async Task A_dead_letter_comes_to_its_group_again()
    {
        string topic = Fixture.Name("dying");
        string group = Fixture.Name("mourner");
        await Bridge.Topics.CreateAsync(topic, 1);
        await PublishAsync(topic, "m");
        await using IMessageStream stream = await JoinAsync(group, topic);
        await stream.SettleAsync((await ReceiveOneAsync(stream)).Delivery, Settlement.DeadLetter);
        string dead = TopicNames.DeadLettersOf(group);
        await Eventually.TrueAsync(async () => await Brokers.Topics.FindAsync(dead) is not null && (await ReadAllAsync(dead)).Count == 1, "the dead letter can be read");

        StoredMessage letter = Assert.Single(await ReadAllAsync(dead));
        string sent = await Brokers.Messages.ResendAsync(group, letter);

        Assert.NotEqual(letter.MessageId, sent);
        Assert.Equal(TopicKind.DeadLetter, (await Brokers.Topics.FindAsync(dead))!.Kind);
        if (Comes)
        {
            Received again = await ReceiveOneAsync(stream);
            Assert.Equal((topic, "m"), (again.Topic, again.Text));
        }
    }

    /// <summary>Whether a bridge delivers what lies in a group's retry topic; the one in memory has no such topics.</summary>
    protected virtual bool Comes => true;

    private async Task<List<StoredMessage>> ReadAllAsync(string topic)
    {
        List<StoredMessage> all = [];
        foreach (QueueState queue in await Brokers.Topics.GetQueuesAsync(topic))
            all.AddRange(await Brokers.Messages.ReadAsync(topic, queue.Broker, queue.QueueId, queue.First, 32));

        return all;
    }

    private async Task<long> LagAsync(string group, string topic)
        => (await Brokers.Groups.GetProgressAsync(group)).Where(queue => queue.Topic == topic).Sum(queue => queue.Lag);
}
