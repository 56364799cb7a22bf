using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

public class WaitingForPops
{
    [Fact]
    public async Task A_held_pop_is_answered_when_a_message_comes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "first");
        await client.AckAsync(Assert.Single(await client.TakeAsync("t")));
        Task<RemotingResponse> held = client.PopAsync("t", poll: 15_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        Assert.Equal(1, await PollingAsync(client, -1));
        await bench.Connect().SendAllAsync("t", "second");
        using RemotingResponse answer = await held;
        Assert.Equal("second", Assert.Single(PopClient.Messages(answer, "t")).Body);
        Assert.Equal(0, bench.Core.Pop.WaitsOf("g", "t", -1));
    }

    [Fact]
    public async Task A_held_pop_is_answered_when_a_message_comes_back()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        Assert.Single(await client.TakeAsync("t", invisible: 3_000));
        Task<RemotingResponse> held = client.PopAsync("t", queueId: 0, poll: 15_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", 0) == 1);
        bench.Clock.Advance(TimeSpan.FromSeconds(4));
        using RemotingResponse answer = await held;
        Assert.Equal(1, Assert.Single(PopClient.Messages(answer, "t")).ReconsumeTimes);
    }

    [Fact]
    public async Task A_held_pop_ends_with_its_time()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        Assert.Single(await client.TakeAsync("t"));
        Task<RemotingResponse> held = client.PopAsync("t", poll: 5_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        bench.Clock.Advance(TimeSpan.FromSeconds(6));
        using RemotingResponse answer = await held;
        Assert.Equal((ResponseCode.PollingTimeout, "NO_MESSAGE_IN_QUEUE"), (answer.Code, answer.Remark));
        Assert.Equal(string.Empty, answer.Fields.GetString("msgOffsetInfo"u8));
    }

    [Fact]
    public async Task A_pop_that_came_too_late_is_not_tried()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        long now = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        using RemotingResponse answer = await client.PopAsync("t", poll: 1_000, bornTime: now - 2_000);
        Assert.Equal((ResponseCode.PollingTimeout, "the broker[127.0.0.1] pop message is timeout too much"), (answer.Code, answer.Remark));
    }

    [Fact]
    public async Task More_pops_than_may_wait_are_told_so()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxPopWaitsPerQueue = 1);
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        Assert.Single(await client.TakeAsync("t"));
        Task<RemotingResponse> held = client.PopAsync("t", poll: 5_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        using (RemotingResponse refused = await client.PopAsync("t", poll: 5_000))
        {
            Assert.Equal(ResponseCode.PollingFull, refused.Code);
        }

        bench.Clock.Advance(TimeSpan.FromSeconds(6));
        using RemotingResponse answer = await held;
        Assert.Equal(ResponseCode.PollingTimeout, answer.Code);
    }

    [Fact]
    public async Task More_than_may_wait_in_all_are_told_so()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxPopWaits = 1);
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        Assert.Single(await client.TakeAsync("t"));
        Task<RemotingResponse> held = client.PopAsync("t", poll: 5_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        using (RemotingResponse refused = await NotifyAsync(client, poll: 5_000))
        {
            Assert.Equal((ResponseCode.Success, false, true), (refused.Code, refused.Fields.GetBoolean("hasMsg"u8), refused.Fields.GetBoolean("pollingFull"u8)));
        }

        bench.Clock.Advance(TimeSpan.FromSeconds(6));
        using RemotingResponse answer = await held;
    }

    [Fact]
    public async Task A_notification_tells_of_messages_and_takes_none()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        await client.AckAsync(Assert.Single(await client.TakeAsync("t")));
        Task<RemotingResponse> held = NotifyAsync(client, poll: 10_000);
        await bench.Connect().SendAllAsync("t", "b");
        using (RemotingResponse answer = await held)
        {
            Assert.True(answer.Fields.GetBoolean("hasMsg"u8));
        }

        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
        held = NotifyAsync(client, poll: 1_000);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => held.IsCompleted, "the notification ends with its time");
        using RemotingResponse nothing = await held;
        Assert.False(nothing.Fields.GetBoolean("hasMsg"u8));
    }

    [Fact]
    public async Task A_closed_connection_takes_its_held_pops_along()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        await client.AckAsync(Assert.Single(await client.TakeAsync("t")));
        BrokerClient leaving = bench.Connect();
        Task<RemotingResponse> held = leaving.PopAsync("t", poll: 15_000);
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 1);
        await leaving.DisposeAsync();
        await Eventually.True(() => bench.Core.Pop.WaitsOf("g", "t", -1) == 0);
        await ((Task)held).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await client.SendAllAsync("t", "b");
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
    }

    private static Task<RemotingResponse> NotifyAsync(BrokerClient client, int poll) => client.AskAsync(
        RequestCode.Notification, new NotificationRequestHeader { ConsumerGroup = "g", Topic = "t", QueueId = -1, PollTime = poll, BornTime = 0 });

    private static async Task<int> PollingAsync(BrokerClient client, int queueId)
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.PollingInfo, new PollingInfoRequestHeader { ConsumerGroup = "g", Topic = "t", QueueId = queueId });
        return answer.Fields.GetInt32("pollingNum"u8);
    }
}
