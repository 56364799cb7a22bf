using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

public class PoppingAndSettling
{
    private const string Retry = "%RETRY%g_t";

    [Fact]
    public async Task A_pop_says_where_its_messages_are_and_when_they_come_back()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b", "c");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 3);

        using RemotingResponse answer = await client.PopAsync("t", max: 2, invisible: 30_000, poll: 5_000);
        Assert.Equal((ResponseCode.Success, "FOUND"), (answer.Code, answer.Remark));
        PopMessageResponseHeader header = PopMessageResponseHeader.Read(answer.Fields);
        Assert.Equal(("0 0 0", "0 0 0,1", 30_000L, 1L), (header.StartOffsetInfo.ToString(), header.MessageOffsetInfo.ToString(), header.InvisibleTime, header.RestCount));
        Assert.False(header.OrderCountInfo.IsPresent);
        Assert.InRange(header.ReviveQueueId, 0, 7);
        Assert.Equal(bench.Clock.GetUtcNow().ToUnixTimeMilliseconds(), header.PopTime);
        List<PopMessage> messages = PopClient.Messages(answer, "t");
        Assert.Equal(["a", "b"], messages.Select(static message => message.Body));
        Assert.DoesNotContain("POP_CK", messages[0].Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_popped_is_invisible_to_others_and_what_is_acknowledged_never_comes_back()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        PopMessage message = Assert.Single(await client.TakeAsync("t"));
        Assert.Empty(await bench.Connect().TryTakeAsync("t"));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(message));

        bench.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(await client.TryTakeAsync("t"));
        Assert.Null(bench.Core.Topics.Find(Retry));
        Assert.Equal(1, bench.Core.Offsets.Query("g", "t", 0));
    }

    [Fact]
    public async Task What_cannot_be_read_for_a_moment_when_its_invisible_time_is_over_comes_back_a_moment_later()
    {
        var files = new RefusingFiles();
        await using BrokerBench bench = BrokerBench.Open(static options => options.CommitLogFileSize = 1 << 16, files);
        BrokerClient client = bench.Connect();

        // Retention looks into the first two segments of its own accord.
        await client.SendAllAsync("filler", [.. Enumerable.Repeat(new string('x', 1000), 200)]);
        await client.SendAllAsync("t", "a");
        await client.SendAllAsync("filler", [.. Enumerable.Repeat(new string('x', 1000), 100)]);
        Assert.Single(await client.TakeAsync("t", invisible: 10_000));
        await bench.RestartAsync();
        files.Refuse("00000000000000196608");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max(Retry, 0) == 1, "it came back");
        Assert.True(files.HasRefused);
    }

    [Fact]
    public async Task What_is_not_acknowledged_comes_back_after_its_invisible_time_with_its_handle()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "a", tag: "x"))
        {
        }

        PopMessage first = Assert.Single(await client.TakeAsync("t", invisible: 10_000));
        bench.Clock.Advance(TimeSpan.FromMilliseconds(9_900));
        Assert.Empty(await client.TryTakeAsync("t"));
        bench.Clock.Advance(TimeSpan.FromMilliseconds(200));

        PopMessage again = Assert.Single(await client.TakeAsync("t", invisible: 10_000));
        Assert.Equal(("a", 1, 0, 0L), (again.Body, again.ReconsumeTimes, again.QueueId, again.Offset));
        Assert.Contains("TAGS\u0001x", again.Properties, StringComparison.Ordinal);
        Assert.Contains($"1ST_POP_TIME\u0001{first.Handle.Split(' ')[1]}", again.Properties, StringComparison.Ordinal);
        Assert.Equal("1", again.Handle.Split(' ')[4]);
        Assert.Equal(Retry, again.RealTopic("g"));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(first));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(again));
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await client.TryTakeAsync("t"));
    }

    [Fact]
    public async Task After_the_last_try_it_is_a_dead_letter()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        bench.Core.Groups.Put(bench.Core.Groups.FindOrCreate("g")! with { MaxRetries = 1 });
        await client.SendAllAsync("t", "a");
        for (int times = 0; times <= 1; times++)
        {
            Assert.Equal(times, Assert.Single(await client.TakeAsync("t", invisible: 1_000)).ReconsumeTimes);
            bench.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        await Eventually.True(() => bench.Core.Offsets.Max("%DLQ%g", 0) == 1);
        Assert.Empty(await client.TryTakeAsync("t"));
        using RemotingResponse dead = await client.PullAsync("%DLQ%g", 0, "other", hold: 5_000);
        BrokerClient.Record record = Assert.Single(BrokerClient.Records(dead));
        Assert.Equal(("a", 2), (record.Body, record.ReconsumeTimes));
        Assert.Contains("RETRY_TOPIC\u0001t", record.Properties, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_extended_message_comes_back_later_and_one_given_back_at_once()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        List<PopMessage> messages = await client.TakeAsync("t", invisible: 10_000);
        PopMessage extended = await client.ChangeAsync(messages[0], 60_000);
        await client.ChangeAsync(messages[1], 0);
        bench.Clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t", invisible: 600_000)).Body);

        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(await client.TryTakeAsync("t"));
        Assert.Equal(ResponseCode.Success, await client.AckAsync(extended));
        bench.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(await client.TryTakeAsync("t"));
    }

    [Fact]
    public async Task A_batch_of_acknowledgements_settles_what_its_bits_say_with_one_record()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b", "c");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 3);
        string[] handle = (await client.TakeAsync("t", invisible: 10_000))[0].Handle.Split(' ');
        var body = new BatchAckBody
        {
            BrokerName = "broker-a",
            Acks =
            [
                new BatchAckEntry
                {
                    Group = "g", Topic = "t", Retry = "0", StartOffset = 0, QueueId = 0, ReviveQueueId = int.Parse(handle[3], null), PopTime = long.Parse(handle[1], null),
                    InvisibleTime = 10_000, Bits = [0b101],
                },
            ],
        };
        // The checkpoint of the pop, and then the one record of the batch.
        await Eventually.True(() => Accounted(bench) == 1);
        using (RemotingResponse answer = await client.AskAsync(RequestCode.BatchAckMessage, default(EmptyFields), LenientJson.Write(body, RemotingJson.Bodies.BatchAckBody)))
        {
            Assert.Equal(ResponseCode.Success, answer.Code);
        }

        await Eventually.True(() => Accounted(bench) == 2);
        bench.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
    }

    [Fact]
    public async Task Retry_topics_of_the_second_form_are_read_with_those_of_the_first()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.PopRetryTopicV2 = true);
        BrokerClient client = bench.Connect();
        bench.Core.Topics.Put(new ProtoBridgeMQ.Broker.Core.BrokerTopic { Name = Retry, ReadQueues = 1, WriteQueues = 1 });
        await client.SendAllAsync("t", "new");
        await client.SendAllAsync(Retry, "old");
        Assert.Contains(await TakeUntil(client, "old"), static message => message.RealTopic("g") == Retry);
        bench.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Contains(await TakeUntil(client, "new"), static message => message.RealTopic("g") == "%RETRY%g+t");
    }

    [Fact]
    public async Task Only_tags_that_are_asked_for_are_popped()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 6; i++)
        {
            using (await client.SendAsync("t", $"{i}", tag: i % 3 == 0 ? "x" : "y"))
            {
            }
        }

        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 6);
        using RemotingResponse answer = await client.PopAsync("t", expression: "x", invisible: 1_000);
        Assert.Equal("0 0 0,3", PopMessageResponseHeader.Read(answer.Fields).MessageOffsetInfo.ToString());
        List<PopMessage> messages = PopClient.Messages(answer, "t");
        Assert.Equal(ResponseCode.Success, await client.AckAsync(messages[1]));
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("0", Assert.Single(await client.TakeAsync("t")).Body);
    }

    [Fact]
    public async Task Peeking_takes_nothing()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 1);
        for (int i = 0; i < 2; i++)
        {
            using RemotingResponse peeked = await client.AskAsync(RequestCode.PeekMessage, new PeekMessageRequestHeader { ConsumerGroup = "g", Topic = "t", QueueId = -1, MaxMessages = 8 });
            Assert.Equal((ResponseCode.Success, "FOUND", "a"), (peeked.Code, peeked.Remark, Assert.Single(BrokerClient.Records(peeked)).Body));
        }

        Assert.Single(await client.TakeAsync("t"));
        using RemotingResponse empty = await client.AskAsync(RequestCode.PeekMessage, new PeekMessageRequestHeader { ConsumerGroup = "g", Topic = "t", QueueId = 0, MaxMessages = 8 });
        Assert.Equal((ResponseCode.PullNotFound, "NO_MESSAGE_IN_QUEUE"), (empty.Code, empty.Remark));
    }

    [Fact]
    public async Task A_group_that_is_set_back_pops_again()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        foreach (PopMessage message in await client.TakeAsync("t"))
        {
            await client.AckAsync(message);
        }

        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Query("g", "t", 0) == 2, "progress is saved");
        Assert.True(bench.Core.Offsets.Commit("g", "t", 0, 1));
        Assert.Equal("b", Assert.Single(await client.TakeAsync("t")).Body);
    }

    [Fact]
    public async Task A_group_that_an_operator_set_back_pops_again()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        Assert.Equal(2, (await client.TakeAsync("t")).Count);
        bench.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(bench.Core.Tables.Resets.Set("t", "g", 0, 0, 10));
        Assert.Equal(["a", "b"], (await client.TakeAsync("t")).Select(static message => message.Body));
        Assert.Equal(0, bench.Core.Tables.Resets.Count);
    }

    [Fact]
    public async Task A_group_without_progress_begins_where_it_says()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendAllAsync("t", "a", "b");
        await Eventually.True(() => bench.Core.Offsets.Max("t", 0) == 2);
        Assert.Equal(2, (await client.TakeAsync("t")).Count);
        using RemotingResponse newest = await client.PopAsync("t", "late", initMode: 1);
        Assert.Equal(ResponseCode.Success, newest.Code);
    }

    private static long Accounted(BrokerBench bench) => Enumerable.Range(0, 8).Sum(id => bench.Core.Offsets.Max("rmq_sys_REVIVE_LOG_DefaultCluster", id));

    private static async Task<List<PopMessage>> TakeUntil(BrokerClient client, string body)
    {
        var all = new List<PopMessage>();
        while (!all.Exists(message => message.Body == body))
        {
            all.AddRange(await client.TakeAsync("t"));
        }

        return all;
    }
}
