using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Broker.Pop;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class RetentionOfABroker
{
    private const int FileSize = 64 * 1024;

    [Fact]
    public async Task A_pull_before_the_oldest_message_is_told_where_to_go_on_and_how_many_are_gone()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.CommitLogFileSize = FileSize);
        BrokerClient client = bench.Connect();
        await SendAsync(bench, client, 200);
        bench.Clock.Advance(TimeSpan.FromHours(73));
        await Eventually.True(() => bench.Core.Offsets.Min("t", 0) > 50);
        long min = bench.Core.Offsets.Min("t", 0);
        using RemotingResponse moved = await client.PullAsync("t", 10);
        Assert.Equal(ResponseCode.PullOffsetMoved, moved.Code);
        Assert.Equal(min, moved.Fields.GetInt64("nextBeginOffset"u8));
        Assert.Equal($"OFFSET_TOO_SMALL, {min - 10} messages before offset {min} were deleted", moved.Remark);
        using RemotingResponse found = await client.PullAsync("t", min);
        Assert.Equal(ResponseCode.Success, found.Code);

        await bench.RestartAsync();
        Assert.Equal(min, bench.Core.Offsets.Min("t", 0));
        Assert.Equal(200, bench.Core.Offsets.Max("t", 0));
    }

    [Theory]
    [InlineData("t:billing", null)]
    [InlineData("x:y;*:bill*", null)]
    [InlineData("", "true")]
    public async Task Unread_messages_of_a_protected_group_stay_and_those_of_others_do_not(string patterns, string? attribute)
    {
        await using BrokerBench bench = BrokerBench.Open(options =>
        {
            options.CommitLogFileSize = FileSize;
            options.ProtectedGroups = patterns;
        });
        if (attribute is not null)
        {
            Assert.True(bench.Core.Groups.Put(new SubscriptionGroup { Name = "billing", Attributes = new GroupAttributes([new(GroupAttributes.Protected, attribute)]) }));
        }

        BrokerClient client = bench.Connect();
        await SendAsync(bench, client, 200);
        bench.Core.Offsets.Commit("billing", "t", 0, 60);
        bench.Core.Offsets.Commit("other", "t", 0, 10);
        bench.Clock.Advance(TimeSpan.FromHours(73));
        await Eventually.True(() => bench.Core.Offsets.Min("t", 0) > 0);
        Assert.InRange(bench.Core.Offsets.Min("t", 0), 1, 60);

        bench.Core.Offsets.Commit("billing", "t", 0, 200);
        await bench.AdvanceUntil(bench.Core.Options.RetentionInterval, () => bench.Core.Offsets.Min("t", 0) > 60, "what was read was deleted");
    }

    [Theory]
    [InlineData("t:billing", null)]
    [InlineData("", "true")]
    public async Task What_a_protected_group_popped_and_did_not_acknowledge_stays(string patterns, string? attribute)
    {
        await using BrokerBench bench = BrokerBench.Open(options =>
        {
            options.CommitLogFileSize = FileSize;
            options.ProtectedGroups = patterns;
        });
        if (attribute is not null)
        {
            Assert.True(bench.Core.Groups.Put(new SubscriptionGroup { Name = "billing", Attributes = new GroupAttributes([new(GroupAttributes.Protected, attribute)]) }));
        }

        BrokerClient client = bench.Connect();
        await SendAsync(bench, client, 200);
        List<PopMessage> popped = [];
        while (popped.Count < 160)
        {
            popped.AddRange(await client.TakeAsync("t", "billing", queueId: 0, invisible: (int)TimeSpan.FromHours(200).TotalMilliseconds));
        }

        foreach (PopMessage message in popped.Where(static message => message.Offset != 40))
        {
            Assert.Equal(ResponseCode.Success, await client.AckAsync(message, "billing"));
        }

        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Query("billing", "t", 0) >= 160, "progress is saved");
        bench.Clock.Advance(TimeSpan.FromHours(73));
        Assert.InRange(bench.Core.Offsets.Min("t", 0), 0, 40);

        Assert.Equal(ResponseCode.Success, await client.AckAsync(popped.Single(static message => message.Offset == 40), "billing"));
        await bench.AdvanceUntil(bench.Core.Options.RetentionInterval, () => bench.Core.Offsets.Min("t", 0) > 40, "what was acknowledged was deleted");
    }

    [Fact]
    public async Task What_came_back_to_a_protected_group_stays_though_it_read_nothing_there_yet()
    {
        await using BrokerBench bench = BrokerBench.Open(options =>
        {
            options.CommitLogFileSize = FileSize;
            options.ProtectedGroups = "t:billing";
        });
        BrokerClient client = bench.Connect();
        await SendAsync(bench, client, 1);
        Assert.Single(await client.TakeAsync("t", "billing", queueId: 0, invisible: 10_000));
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("%RETRY%billing_t", 0) == 1, "it came back");
        await SendAsync(bench, client, 200, from: 1);
        bench.Clock.Advance(TimeSpan.FromHours(73));
        Assert.Equal(0, bench.Core.Offsets.Min("%RETRY%billing_t", 0));
    }

    [Fact]
    public async Task A_pair_of_topic_and_group_that_is_named_is_protected_before_the_group_came()
    {
        await using BrokerBench bench = BrokerBench.Open(options =>
        {
            options.CommitLogFileSize = FileSize;
            options.ProtectedGroups = "t:billing;other:billing";
        });
        await SendAsync(bench, bench.Connect(), 200);
        bench.Clock.Advance(TimeSpan.FromHours(73));
        Assert.False(bench.Core.Store.Retain());
        Assert.Equal(0, bench.Core.Offsets.Min("t", 0));

        bench.Core.Offsets.Commit("billing", "t", 0, 200);
        await bench.AdvanceUntil(bench.Core.Options.RetentionInterval, () => bench.Core.Offsets.Min("t", 0) > 60, "what was read was deleted");
    }

    [Fact]
    public async Task A_topic_with_a_reserve_time_begins_later_and_keeps_its_attributes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        TopicAttributes attributes = TopicAttributes.Alter("+reserve.time=3600000", null, out _)!;
        Assert.Equal(SendStatus.Ok, bench.Core.Topics.Put(new BrokerTopic { Name = "t", ReadQueues = 1, WriteQueues = 1, Attributes = attributes }));
        BrokerClient client = bench.Connect();
        await SendAsync(bench, client, 5);
        bench.Clock.Advance(TimeSpan.FromMinutes(50));
        await SendAsync(bench, client, 5, from: 5);
        bench.Clock.Advance(TimeSpan.FromMinutes(20));
        await Eventually.True(() => bench.Core.Offsets.Min("t", 0) == 5);

        await bench.RestartAsync();
        Assert.Equal(attributes, bench.Core.Topics.Find("t")!.Attributes);
        Assert.Equal(5, bench.Core.Offsets.Min("t", 0));
    }

    [Fact]
    public async Task A_topic_with_reserve_bytes_keeps_so_much()
    {
        await using BrokerBench bench = BrokerBench.Open();
        TopicAttributes attributes = TopicAttributes.Alter("+reserve.bytes=6000", null, out _)!;
        Assert.Equal(SendStatus.Ok, bench.Core.Topics.Put(new BrokerTopic { Name = "t", ReadQueues = 1, WriteQueues = 1, Attributes = attributes }));
        await SendAsync(bench, bench.Connect(), 20);
        await bench.AdvanceUntil(bench.Core.Options.RetentionInterval, () => bench.Core.Offsets.Min("t", 0) > 0, "the queue begins later");
        Assert.InRange(bench.Core.Offsets.Min("t", 0), 14, 16);

        await bench.RestartAsync();
        Assert.Equal(attributes, bench.Core.Topics.Find("t")!.Attributes);
        Assert.InRange(bench.Core.Offsets.Min("t", 0), 14, 16);
        Assert.Null(TopicAttributes.Alter("+reserve.bytes=-2", null, out string? refusal));
        Assert.NotNull(refusal);
    }

    [Fact]
    public async Task Delayed_messages_are_kept_until_they_are_delivered()
    {
        await using BrokerBench bench = BrokerBench.Open(options =>
        {
            options.CommitLogFileSize = FileSize;
            options.RetentionTime = TimeSpan.FromMinutes(10);
        });
        BrokerClient client = bench.Connect();
        using (RemotingResponse delayed = await client.SendAsync("d", "late", delay: 18))
        {
            Assert.Equal(ResponseCode.Success, delayed.Code);
        }

        await SendAsync(bench, client, 200);
        bench.Clock.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(0, bench.Core.Offsets.Min("t", 0));
        await bench.AdvanceUntil(TimeSpan.FromMinutes(10), () => bench.Core.Offsets.Max("d", 0) == 1, "the message was delivered");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(10), () => bench.Core.Offsets.Min("t", 0) > 0, "its segment was deleted");
    }

    [Fact]
    public async Task Attributes_of_a_group_that_Apache_wrote_are_kept_and_changed_as_clients_ask()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await PutAsync(client, """{"groupName":"billing","attributes":{"+protected":"true","+priority.factor":"3"}}""");
        await PutAsync(client, """{"groupName":"billing","retryMaxTimes":5}""");
        await bench.RestartAsync();
        SubscriptionGroup group = bench.Core.Groups.Find("billing")!;
        Assert.Equal(5, group.MaxRetries);
        Assert.True(group.IsProtected);
        Assert.Equal(["priority.factor", "protected"], group.Attributes.Pairs.Keys);
        using (JsonDocument file = JsonDocument.Parse(await File.ReadAllTextAsync(bench["config/subscriptionGroup.json"])))
        {
            JsonElement written = file.RootElement.GetProperty("subscriptionGroupTable").GetProperty("billing").GetProperty("attributes");
            Assert.Equal("true", written.GetProperty("protected").GetString());
        }

        await PutAsync(bench.Connect(), """{"groupName":"billing","attributes":{"-protected":""}}""");
        Assert.False(bench.Core.Groups.Find("billing")!.IsProtected);
    }

    private static async Task PutAsync(BrokerClient client, string json)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.UpdateAndCreateSubscriptionGroup, default(ProtoBridgeMQ.Remoting.Headers.NoFields), Encoding.UTF8.GetBytes(json));
        Assert.Equal(ResponseCode.Success, answer.Code);
    }

    private static async Task SendAsync(BrokerBench bench, BrokerClient client, int count, int from = 0)
    {
        for (int i = 0; i < count; i++)
        {
            using RemotingResponse sent = await client.SendAsync("t", new string('x', 1000));
            Assert.Equal(ResponseCode.Success, sent.Code);
        }

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == from + count);
    }
}
