using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

public class OffsetAdministration
{
    [Fact]
    public async Task A_reset_of_an_offline_group_holds_after_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 5);
        await client.CommitAsync("t", "g", 5);
        ResetOffsetBody body = await client.BodyAsync(RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: 0), AdminJson.Bodies.ResetOffsetBody);
        Assert.Equal(4, body.Offsets.Entries.Count);
        Assert.All(body.Offsets.Entries, static entry => Assert.Equal(0, entry.Value));
        Assert.Equal(0, await client.ProgressAsync("t", "g"));
        await bench.RestartAsync();
        Assert.Equal(0, await bench.Connect().ProgressAsync("t", "g"));
    }

    [Fact]
    public async Task A_reset_to_minus_one_goes_to_the_end_and_one_of_a_queue_to_its_offset()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 5);
        await client.CommitAsync("t", "g", 1);
        await client.BodyAsync(RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: -1), AdminJson.Bodies.ResetOffsetBody);
        Assert.Equal(5, await client.ProgressAsync("t", "g"));
        await client.BodyAsync(RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: 0) with { QueueId = 0, Offset = 3 }, AdminJson.Bodies.ResetOffsetBody);
        Assert.Equal(3, await client.ProgressAsync("t", "g"));
    }

    [Fact]
    public async Task A_running_reader_is_moved_once_and_what_it_saves_until_then_does_not_count()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 5);
        Assert.Equal(ResponseCode.Success, await client.HeartbeatAsync("c", "g", "t"));
        await client.CommitAsync("t", "g", 5);
        await client.BodyAsync(RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: 0) with { QueueId = 0, Offset = 2 }, AdminJson.Bodies.ResetOffsetBody);
        await client.CommitAsync("t", "g", 5);
        Assert.Equal(2, await client.ProgressAsync("t", "g"));
        using (RemotingResponse moved = await client.PullAsync("t", 5))
        {
            Assert.Equal((ResponseCode.PullOffsetMoved, 2), (moved.Code, moved.Fields.GetInt64("nextBeginOffset"u8)));
        }

        using RemotingResponse found = await client.PullAsync("t", 2);
        Assert.Equal(3, BrokerClient.Records(found).Count);
        await client.CommitAsync("t", "g", 4);
        Assert.Equal(4, await client.ProgressAsync("t", "g"));
    }

    [Fact]
    public async Task A_held_pull_is_moved_at_once()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 2);
        await client.CommitAsync("t", "g", 2);
        Task<RemotingResponse> held = client.PullAsync("t", 2, hold: 20_000);
        await Eventually.True(() => bench.Core.HeldWaits == 1, "the pull is held");
        await bench.Connect().BodyAsync(RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: 0), AdminJson.Bodies.ResetOffsetBody);
        using RemotingResponse moved = await held;
        Assert.Equal((ResponseCode.PullOffsetMoved, 0), (moved.Code, moved.Fields.GetInt64("nextBeginOffset"u8)));
    }

    [Theory]
    [InlineData("nobody", "t", 0, 0, ResponseCode.SubscriptionGroupNotExist, "nobody")]
    [InlineData("g", "nothing", 0, 0, ResponseCode.TopicNotExist, "nothing")]
    [InlineData("g", "t", 0, 99, ResponseCode.SystemError, "99")]
    [InlineData("g", "t", 0, -7, ResponseCode.SystemError, "-7")]
    [InlineData("g", "t", 77, 0, ResponseCode.InvalidParameter, "77")]
    public async Task A_reset_that_cannot_be_is_refused_and_says_why(string group, string topic, int queueId, long offset, int code, string part)
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 2);
        await client.CommitAsync("t", "g", 1);
        (int answered, string? remark) = await client.TryAsync(
            RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: 0) with { Group = group, Topic = topic, QueueId = queueId, Offset = offset });
        Assert.Equal(code, answered);
        Assert.Contains(part, remark, StringComparison.Ordinal);
        Assert.Equal(1, await client.ProgressAsync("t", "g"));
    }

    [Fact]
    public async Task Resets_beyond_the_limit_are_refused()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.MaxOffsetResets = 2);
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 2);
        await client.CommitAsync("t", "g", 1);
        Assert.Equal(ResponseCode.SystemBusy, (await client.TryAsync(RequestCode.InvokeBrokerToResetOffset, Reset(timestamp: 0))).Code);
    }

    [Fact]
    public async Task A_clone_gives_the_progress_of_all_topics()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3);
        await client.SendManyAsync("u", 3);
        await client.CommitAsync("t", "g", 2);
        await client.CommitAsync("u", "g", 3);
        Assert.Equal(ResponseCode.Success, (await client.TryAsync(RequestCode.CloneGroupOffset, new CloneGroupOffsetRequestHeader { SourceGroup = "g", TargetGroup = "h", Offline = true })).Code);
        Assert.Equal((2, 3), (await client.ProgressAsync("t", "h"), await client.ProgressAsync("u", "h")));
    }

    [Fact]
    public async Task Consume_stats_show_ends_progress_and_what_was_given_out()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 5);
        await client.CommitAsync("t", "g", 2);
        (await client.PullAsync("t", 2, max: 2)).Dispose();
        ConsumeStats stats = await client.BodyAsync(RequestCode.GetConsumeStats, new GetConsumeStatsRequestHeader { ConsumerGroup = "g" }, AdminJson.Bodies.ConsumeStats);
        ConsumeOffset first = stats.Offsets.Entries.Single(static entry => entry.Key is { Topic: "t", QueueId: 0 }).Value;
        Assert.Equal((5, 2, 4), (first.BrokerOffset, first.ConsumerOffset, first.PullOffset));
        Assert.Equal(bench.Clock.GetUtcNow().ToUnixTimeMilliseconds(), first.LastTimestamp);
        ConsumeStatsList all = await client.BodyAsync(RequestCode.GetBrokerConsumeStats, new GetConsumeStatsInBrokerRequestHeader { IsOrder = false }, AdminJson.Bodies.ConsumeStatsList);
        Assert.Equal((3, 2), (all.TotalDiff, all.TotalInflightDiff));
    }

    [Fact]
    public async Task A_time_span_and_a_correction_tell_how_far_groups_are()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 1);
        long first = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        bench.Clock.Advance(TimeSpan.FromSeconds(10));
        await client.SendManyAsync("t", 1);
        await client.CommitAsync("t", "g", 1);
        await client.CommitAsync("t", "h", 2);
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        QueryConsumeTimeSpanBody spans = await client.BodyAsync(
            RequestCode.QueryConsumeTimeSpan, new QueryConsumeTimeSpanRequestHeader { Topic = "t", Group = "g" }, AdminJson.Bodies.QueryConsumeTimeSpanBody);
        QueueTimeSpan span = spans.Queues[0];
        Assert.Equal((first, first + 10_000, first, 5_000), (span.MinTimestamp, span.MaxTimestamp, span.ConsumeTimestamp, span.DelayTime));
        QueryCorrectionOffsetBody correction = await client.BodyAsync(
            RequestCode.QueryCorrectionOffset, new QueryCorrectionOffsetRequestHeader { Topic = "t", CompareGroup = "h", FilterGroups = "x" }, AdminJson.Bodies.QueryCorrectionOffsetBody);
        Assert.Equal(1, correction.Offsets[0]);
    }

    [Fact]
    public async Task Offsets_by_time_have_two_boundaries()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3);
        long stored = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        bench.Clock.Advance(TimeSpan.FromSeconds(10));
        await client.SendManyAsync("t", 2);
        long[] found = [0, 0, 0, 0, 0, 0];
        (long Time, string Boundary)[] asked = [(stored, "lower"), (stored, "upper"), (stored + 1, "lower"), (stored + 1, "upper"), (stored - 1, "upper"), (stored + 99_999, "upper")];
        for (int i = 0; i < asked.Length; i++)
        {
            using RemotingResponse answer = await client.AskAsync(
                RequestCode.SearchOffsetByTimestamp, new SearchOffsetRequestHeader { Topic = "t", QueueId = 0, Timestamp = asked[i].Time, BoundaryType = asked[i].Boundary });
            found[i] = answer.Fields.GetInt64("offset"u8);
        }

        Assert.Equal([0, 2, 3, 2, 0, 4], found);
    }

    private static ResetOffsetRequestHeader Reset(long timestamp) => new() { Group = "g", Topic = "t", Timestamp = timestamp, IsForce = true };
}
