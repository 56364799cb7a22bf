using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>The SDK's administration of Apache RocketMQ's brokers.</summary>
public sealed class Administering : ApacheTest
{
    [FactWhen(Needs.Apache)]
    public async Task Topics_are_made_listed_changed_and_deleted()
    {
        await using ApacheTopic topic = await TopicAsync("made");
        Assert.Contains(topic.Name, await Admin.ListTopicsAsync());
        IReadOnlyList<BrokerRoute> brokers = await Admin.ListBrokersAsync();
        Assert.All(brokers, broker => Assert.NotEmpty(broker.Cluster));
        Assert.NotEmpty(await Admin.GetBrokerVersionAsync(brokers[0].Name));

        await Admin.CreateTopicAsync(topic.Name, 6, brokers[0].Name);
        await Eventually.TrueAsync(
            async () => (await Admin.FindRouteAsync(topic.Name))!.WriteQueues.Count(queue => queue.BrokerName == brokers[0].Name) == 6, "six queues", Patience);
        await topic.SendAsync(0, 20);
        await topic.ReadAllAsync(20);
        IReadOnlyList<QueueEnds> ends = await Admin.GetTopicEndsAsync(topic.Name);
        Assert.Equal(20, ends.Sum(queue => queue.End - queue.First));
        Assert.Contains(ends, queue => queue.LastStoredAt is not null);

        await Admin.DeleteTopicAsync(topic.Name);
        await Eventually.TrueAsync(async () => await Admin.FindRouteAsync(topic.Name) is null, "no name server knows it", Patience);
        Assert.DoesNotContain(topic.Name, await Admin.ListTopicsAsync());
    }

    [FactWhen(Needs.Apache)]
    public async Task Groups_are_made_listed_and_deleted_and_show_members_and_progress()
    {
        await using ApacheTopic topic = await TopicAsync("ofgroup");
        string group = topic.Group;
        await Admin.Groups.CreateAsync(new GroupSettings(group) { MaxRetries = 3 });
        Assert.Contains(group, await Admin.Groups.ListAsync());
        Assert.Equal(3, (await Admin.Groups.ListSettingsAsync()).First(settings => settings.Name == group).MaxRetries);

        await topic.SendAsync(0, 40);
        await using (Member member = await topic.MemberAsync())
        {
            await member.HasAsync(40, Patience);
            await LagAsync(topic, 0);
            GroupMemberInfo info = Assert.Single(await Admin.Groups.ListMembersAsync(group));
            Assert.NotEmpty(info.ClientId);
            Assert.Equal([info.ClientId], await Admin.ListMembersAsync(group, topic.Name));
            Assert.Contains(group, await Admin.ListGroupsOfTopicAsync(topic.Name));
        }

        await Admin.Groups.DeleteAsync(group, removeProgress: true);
        Assert.DoesNotContain(group, await Admin.Groups.ListAsync());
    }

    [FactWhen(Needs.Apache)]
    public async Task Running_members_go_on_where_a_reset_sets_them()
    {
        await using ApacheTopic topic = await TopicAsync("reset");
        await topic.SendAsync(0, 40);
        await using Member member = await topic.MemberAsync();
        await member.HasAsync(40, Patience);
        await LagAsync(topic, 0);

        IReadOnlyDictionary<MessageQueue, long> offsets = await Admin.Groups.ResetAsync(topic.Group, topic.Name, DateTimeOffset.UnixEpoch);

        Assert.Equal(4, offsets.Count);
        Assert.All(offsets.Values, offset => Assert.Equal(0, offset));
        await member.HasAsync(80, Patience);
        await LagAsync(topic, 0);

        MessageQueue one = offsets.Keys.Min();
        if (await IsFourAsync())
        {
            // A broker of 4 would send all queues to their ends.
            RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => Admin.Groups.ResetAsync(topic.Group, one, 5).AsTask());
            Assert.Equal(RefusalReason.Unsupported, refused.Reason);
        }
        else
        {
            await Admin.Groups.ResetAsync(topic.Group, one, 5);
            await member.HasAsync(85, Patience);
        }
    }

    [FactWhen(Needs.Apache)]
    public async Task A_group_without_members_is_reset_by_time_by_offset_and_to_the_end()
    {
        await using ApacheTopic topic = await TopicAsync("resetaway");
        await topic.SendAsync(0, 40);
        await using (Member member = await topic.MemberAsync())
        {
            await member.HasAsync(40, Patience);
        }

        await LagAsync(topic, 0);
        IReadOnlyDictionary<MessageQueue, long> offsets = await Admin.Groups.ResetAsync(topic.Group, topic.Name, DateTimeOffset.UnixEpoch);
        Assert.Equal(4, offsets.Count);
        await LagAsync(topic, 40);

        MessageQueue one = offsets.Keys.Min();
        Assert.Equal(7, (await Admin.Groups.ResetAsync(topic.Group, one, 7))[one]);
        await LagAsync(topic, 33);

        await Admin.Groups.ResetToEndAsync(topic.Group, topic.Name);
        await LagAsync(topic, 0);
    }

    [FactWhen(Needs.Apache)]
    public async Task Messages_are_found_by_id_place_key_and_time()
    {
        await using ApacheTopic topic = await TopicAsync("found");
        DateTimeOffset before = TimeProvider.System.GetUtcNow().AddSeconds(-5);
        SendReceipt receipt = await topic.Producer.SendAsync(topic.Message("found", "t", "order-7"));
        await topic.Producer.SendAsync(topic.Message("other", "t", "order-8"));
        await topic.ReadAllAsync(2);

        Assert.Equal("found", Text(await Admin.Messages.GetAsync(receipt.OffsetMessageId)));
        await Eventually.TrueAsync(async () => (await Admin.Messages.FindByKeyAsync(topic.Name, "order-7")).Count == 1, "the index has the key", Patience);
        Assert.Equal("found", Text(Assert.Single(await Admin.Messages.FindByIdAsync(topic.Name, receipt.MessageId))));
        List<string> byTime = [];
        await foreach (ReceivedMessage message in Admin.Messages.FindByTimeAsync(topic.Name, before, before.AddMinutes(5)))
        {
            byTime.Add(Text(message));
        }

        Assert.Equal(["found", "other"], byTime.Order(StringComparer.Ordinal));
        string gone = receipt.OffsetMessageId[..16] + "0000000000FFFFFF";
        await Assert.ThrowsAsync<RequestRefusedException>(() => Admin.Messages.GetAsync(gone).AsTask());
    }

    [FactWhen(Needs.Apache)]
    public async Task Settings_of_a_broker_are_read_and_changed()
    {
        string broker = (await Admin.ListBrokersAsync())[0].Name;
        IReadOnlyDictionary<string, string> before = await Admin.Brokers.GetConfigAsync(broker);
        Assert.Equal(broker, before["brokerName"]);
        Assert.NotEmpty(await Admin.Brokers.GetRuntimeInfoAsync(broker));

        string limit = before["defaultQueryMaxNum"];
        await Admin.Brokers.SetConfigAsync(broker, new Dictionary<string, string> { ["defaultQueryMaxNum"] = "31" });
        Assert.Equal("31", (await Admin.Brokers.GetConfigAsync(broker))["defaultQueryMaxNum"]);
        await Admin.Brokers.SetConfigAsync(broker, new Dictionary<string, string> { ["defaultQueryMaxNum"] = limit });
    }
}
