using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

public class RefusedPops
{
    [Theory]
    [InlineData("none", -1, 32, ResponseCode.TopicNotExist, "topic[none] not exist, apply first please!")]
    [InlineData("t", 99, 32, ResponseCode.InvalidParameter, "queueId[99] is illegal, topic:[t] topicConfig.readQueueNums:[4]")]
    [InlineData("t", -1, 33, ResponseCode.InvalidParameter, "the broker[127.0.0.1] pop message's num is greater than 32")]
    [InlineData("t", -1, 0, ResponseCode.InvalidParameter, "the broker[127.0.0.1] pop message's num is not greater than 0")]
    [InlineData("closed", -1, 1, ResponseCode.NoPermission, "the topic[closed] peeking message is forbidden")]
    public async Task A_pop_of_what_is_not_there_is_refused(string topic, int queueId, int max, int code, string remark)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        bench.Core.Topics.Put(new BrokerTopic { Name = "closed", Permissions = BrokerTopic.Write });
        using RemotingResponse answer = await client.PopAsync(topic, queueId: queueId, max: max);
        Assert.Equal((code, remark), (answer.Code, answer.Remark));
        Assert.Equal(0, answer.Fields.GetInt64("popTime"u8));
    }

    [Fact]
    public async Task A_group_that_may_not_consume_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.AutoCreateGroups = false);
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        bench.Core.Groups.Put(new SubscriptionGroup { Name = "off", ConsumeEnabled = false });
        using RemotingResponse unknown = await client.PopAsync("t", "nobody");
        Assert.Equal((ResponseCode.SubscriptionGroupNotExist, "subscription group [nobody] does not exist"), (unknown.Code, unknown.Remark));
        using RemotingResponse off = await client.PopAsync("t", "off");
        Assert.Equal((ResponseCode.NoPermission, "subscription group no permission, off"), (off.Code, off.Remark));
        using RemotingResponse told = await client.AskAsync(RequestCode.Notification, new NotificationRequestHeader { ConsumerGroup = "off", Topic = "t", QueueId = -1, PollTime = 0, BornTime = 0 });
        Assert.Equal(ResponseCode.NoPermission, told.Code);
        using RemotingResponse polling = await client.AskAsync(RequestCode.PollingInfo, new PollingInfoRequestHeader { ConsumerGroup = "off", Topic = "none", QueueId = -1 });
        Assert.Equal(ResponseCode.TopicNotExist, polling.Code);
        using RemotingResponse peek = await client.AskAsync(RequestCode.PeekMessage, new PeekMessageRequestHeader { ConsumerGroup = "off", Topic = "t", QueueId = 50, MaxMessages = 1 });
        Assert.Equal(ResponseCode.InvalidParameter, peek.Code);
    }

    [Fact]
    public async Task An_expression_that_is_none_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        using RemotingResponse answer = await client.PopAsync("t", expression: "||");
        Assert.Equal((ResponseCode.SubscriptionParseFailed, "parse the consumer's subscription failed"), (answer.Code, answer.Remark));
    }

    [Theory]
    [InlineData("none", 0, 0, "0 1 1 0", ResponseCode.TopicNotExist, "topic[none] not exist, apply first please!")]
    [InlineData("t", 4, 0, "0 1 1 0", ResponseCode.MessageIllegal, "queueId[4] is illegal, topic:[t] topicConfig.readQueueNums:[4]")]
    [InlineData("t", 0, 9, "0 1 1 0", ResponseCode.NoMessage, "offset is illegal, key:t@0, commit:9, store:0~1")]
    [InlineData("t", 0, 0, "0 x", ResponseCode.SystemError, "extraInfo[0 x] is illegal: part 2 of at least 4 is no number")]
    [InlineData("t", 0, 0, "0 1 1 1000", ResponseCode.SystemError, "extraInfo[0 1 1 1000] is illegal: there is no revive queue 1000")]
    public async Task What_cannot_be_acknowledged_is_refused(string topic, int queueId, long offset, string handle, int code, string remark)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1);
        using RemotingResponse acked = await client.AskAsync(
            RequestCode.AckMessage, new AckMessageRequestHeader { ConsumerGroup = "g", Topic = topic, QueueId = queueId, ExtraInfo = handle, Offset = offset });
        Assert.Equal((code, remark), (acked.Code, acked.Remark));
        using RemotingResponse changed = await client.AskAsync(
            RequestCode.ChangeMessageInvisibleTime, new ChangeInvisibleTimeRequestHeader { ConsumerGroup = "g", Topic = topic, QueueId = queueId, ExtraInfo = handle, Offset = offset, InvisibleTime = 1 });
        Assert.Equal(code, changed.Code);
    }

    [Fact]
    public async Task A_batch_of_nothing_is_refused_and_one_of_what_is_not_there_passed_over()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse nothing = await client.AskAsync(RequestCode.BatchAckMessage, default(EmptyFields));
        Assert.Equal(ResponseCode.NoMessage, nothing.Code);
        using RemotingResponse empty = await client.AskAsync(RequestCode.BatchAckMessage, default(EmptyFields), """{"acks":[]}"""u8.ToArray());
        Assert.Equal(ResponseCode.NoMessage, empty.Code);
        using RemotingResponse unknown = await client.AskAsync(RequestCode.BatchAckMessage, default(EmptyFields), """{"acks":[{"c":"x","t":"none","r":"0","b":"AQ=="}]}"""u8.ToArray());
        Assert.Equal(ResponseCode.Success, unknown.Code);
        using RemotingResponse garbage = await client.AskAsync(RequestCode.BatchAckMessage, default(EmptyFields), """[[["""u8.ToArray());
        Assert.Equal(ResponseCode.SystemError, garbage.Code);
    }

    [Fact]
    public async Task A_queue_with_too_much_in_flight_gives_nothing_more()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxPopInFlight = 2);
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b", "c");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 3);
        List<PopMessage> messages = await client.TakeAsync("t", max: 2);
        using (RemotingResponse closed = await client.PopAsync("t"))
        {
            Assert.Equal((ResponseCode.PollingTimeout, 1L), (closed.Code, bench.Core.Offsets.Max("t", 0) - 2));
        }

        Task<RemotingResponse> held = client.PopAsync("t", poll: 15_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        await client.AckAsync(messages[0]);
        using RemotingResponse open = await held;
        Assert.Equal("c", Assert.Single(PopClient.Messages(open, "t")).Body);
    }

    [Fact]
    public async Task A_broker_with_too_many_open_pops_says_so()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxPopCheckpoints = 1);
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        PopMessage first = Assert.Single(await client.TakeAsync("t", max: 1));
        using (RemotingResponse full = await client.PopAsync("t", poll: 15_000))
        {
            Assert.Equal(ResponseCode.PollingFull, full.Code);
            Assert.StartsWith("too many messages in flight: 1 pops are open", full.Remark, StringComparison.Ordinal);
        }

        await client.AckAsync(first);
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
    }
}
