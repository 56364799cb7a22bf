using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class AdminTests
{
    [Fact]
    public async Task Topics_groups_and_brokers_are_made_listed_changed_and_deleted()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using ClusterConnection connection = Connect(cluster);
        var admin = new AdminClient(connection);
        await admin.CreateTopicAsync("t", 2).AsTask().Within("topic created");
        await QueuedAsync(connection, "t", 2);
        Assert.Contains("t", await admin.ListTopicsAsync());
        Assert.Equal([0L, 0], (await admin.GetTopicEndsAsync("t").Within("ends asked")).Select(ends => ends.End));

        await admin.Groups.CreateAsync(new GroupSettings("g") { MaxRetries = 3 }).AsTask().Within("group created");
        Assert.Contains("g", await admin.Groups.ListAsync().Within("groups listed"));
        await admin.Groups.DeleteAsync("g", removeProgress: true).AsTask().Within("group deleted");
        Assert.DoesNotContain("g", await admin.Groups.ListAsync().Within("groups listed"));

        Assert.Equal(("broker-a", true), ((await admin.ListBrokersAsync())[0].Name, (await admin.ListBrokersAsync())[0].Cluster.Length > 0));
        Assert.NotEmpty(await admin.Brokers.GetRuntimeInfoAsync("broker-a").Within("state asked"));
        await admin.Brokers.SetConfigAsync("broker-a", new Dictionary<string, string> { ["fileReservedTime"] = "99" }).AsTask().Within("settings changed");
        Assert.Equal("99", (await admin.Brokers.GetConfigAsync("broker-a").Within("settings asked"))["fileReservedTime"]);
        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(
            () => admin.Brokers.SetConfigAsync("broker-a", new Dictionary<string, string> { ["noSuchSetting"] = "1" }).AsTask());
        Assert.Equal(RefusalReason.NotPermitted, refused.Reason);

        await admin.DeleteTopicAsync("t").AsTask().Within("topic deleted");
        await Eventually.TrueAsync(async () => await admin.FindRouteAsync("t") is null, "the route is gone, and what was known of it is not answered");
    }

    [Fact]
    public async Task Messages_are_found_by_place_id_key_and_time()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        SendReceipt sent = await producer.SendAsync(new Message("t", "wanted"u8.ToArray(), "tag", "k1 k2")).Within("send completed");
        await producer.SendAsync(new Message("t", "other"u8.ToArray(), "tag", "k2")).Within("send completed");
        await Routed(cluster, "t");
        await using ClusterConnection connection = Connect(cluster);
        MessageAdmin messages = new AdminClient(connection).Messages;

        ReceivedMessage byPlace = await messages.GetAsync(sent.OffsetMessageId).Within("asked by place");
        Assert.Equal((sent.MessageId, "t", sent.Queue, "wanted"), (byPlace.MessageId, byPlace.Topic, byPlace.Queue, Encoding.UTF8.GetString(byPlace.Body.Span)));
        await EventuallyAsync(async () => (await messages.FindByIdAsync("t", sent.MessageId)).Count == 1, "found by id");
        Assert.Equal(sent.MessageId, Assert.Single(await messages.FindByKeyAsync("t", "k1").Within("asked by key")).MessageId);
        await EventuallyAsync(async () => (await messages.FindByKeyAsync("t", "k2")).Count == 2, "both found by key");
        Assert.Empty(await messages.FindByKeyAsync("t", "k3").Within("asked by key"));
        Assert.Empty(await messages.FindByKeyAsync("t", "k1", to: DateTimeOffset.UnixEpoch.AddDays(1)).Within("asked by key and time"));
        int count = 0;
        await foreach (ReceivedMessage message in messages.FindByTimeAsync("t", byPlace.StoredAt, byPlace.StoredAt.AddMinutes(1)))
        {
            count += message.Tag == "tag" ? 1 : 0;
        }

        Assert.Equal(2, count);
        await Assert.ThrowsAsync<ArgumentException>(() => messages.GetAsync("nonsense").AsTask());
    }

    [Fact]
    public async Task A_group_s_progress_is_shown_and_reset_while_it_runs()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: options => options.CommitInterval = TimeSpan.FromMilliseconds(50));
        await SendManyAsync(producer, 12, "m");
        await inbox.WaitForAsync(12);
        await using ClusterConnection connection = Connect(cluster);
        GroupAdmin groups = new AdminClient(connection).Groups;
        await EventuallyAsync(async () => await ProgressAsync(groups) is { Length: 4 } now && now.All(queue => queue.Lag == 0), "nothing is left");
        Assert.Equal(consumer.Assignment.Queues.Count(queue => queue.Topic == "t"), (await ProgressAsync(groups)).Length);
        Assert.Single(await groups.ListMembersAsync("g").Within("members listed"));

        IReadOnlyDictionary<MessageQueue, long> all = await groups.ResetAsync("g", "t", DateTimeOffset.UnixEpoch).Within("reset to the beginning");
        Assert.Equal([0L, 0, 0, 0], all.Values);
        await inbox.WaitForAsync(24);
        Assert.Equal(12, inbox.Texts.Distinct().Count());

        await EventuallyAsync(async () => (await ProgressAsync(groups)).All(queue => queue.Lag == 0), "nothing is left");
        MessageQueue one = all.Keys.First();
        await groups.ResetAsync("g", one, 1).Within("one queue reset");
        await inbox.WaitForAsync(26);
    }

    [Fact]
    public async Task A_dead_letter_is_read_and_given_to_its_group_again()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        bool works = false;
        var inbox = new Inbox(_ => Volatile.Read(ref works) ? ConsumeResult.Success : ConsumeResult.DeadLetter);
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
        SendReceipt sent = await producer.SendAsync(new Message("t", "dies"u8.ToArray(), "tag")).Within("send completed");
        await inbox.WaitForAsync(1);
        await Routed(cluster, "%DLQ%g");
        await using ClusterConnection connection = Connect(cluster);
        MessageAdmin messages = new AdminClient(connection).Messages;
        var dead = new List<ReceivedMessage>();
        await foreach (ReceivedMessage message in messages.ReadDeadLettersAsync("g"))
        {
            dead.Add(message);
        }

        Assert.Equal(sent.MessageId, Assert.Single(dead).MessageId);
        Volatile.Write(ref works, true);
        await messages.ResendAsync("g", dead[0]).Within("given again");
        await inbox.WaitForAsync(2);
        ReceivedMessage again = inbox.All.Last();
        Assert.Equal((sent.MessageId, "t", "tag", "dies"), (again.MessageId, again.Topic, again.Tag, Encoding.UTF8.GetString(again.Body.Span)));
    }

    private static async Task<QueueProgress[]> ProgressAsync(GroupAdmin groups)
        => [.. (await groups.GetProgressAsync("g")).Where(progress => progress.Queue.Topic == "t")];

    private static ClusterConnection Connect(LocalCluster cluster) => new(new ClientOptions { NameServers = cluster.NameServers });
}
