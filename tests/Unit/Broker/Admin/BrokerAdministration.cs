using System.Text;
using ProtoBridgeMQ.Broker.Settings;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

public class BrokerAdministration
{
    [Fact]
    public async Task Runtime_information_says_what_is_so()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 3);
        (await client.PullAsync("t", 0)).Dispose();
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        KvTable info = await client.BodyAsync(RequestCode.GetBrokerRuntimeInfo, default(EmptyFields), RemotingJson.Bodies.KvTable);
        Assert.Equal(("3", "3", "true"), (info.Table["msgPutTotalTodayNow"], info.Table["msgGetTotalTodayNow"], info.Table["brokerActive"]));
        Assert.Equal("0.60 0.60 0.60", info.Table["putTps"]);
        foreach (string asked in (string[])["brokerVersionDesc", "getTransferredTps", "getTransferedTps", "sendThreadPoolQueueSize", "pullThreadPoolQueueHeadWaitTimeMills", "pageCacheLockTimeMills", "earliestMessageTimeStamp", "timerReadBehind", "timerOffsetBehind", "timerCongestNum", "timerEnqueueTps", "msgPutTotalYesterdayMorning", "msgGetTotalTodayMorning", "putMessageAverageSize", "commitLogMaxOffset"])
        {
            Assert.True(info.Table.ContainsKey(asked), $"a tool reads {asked}");
        }
    }

    [Fact]
    public async Task A_setting_that_is_changed_holds_at_once_and_after_a_restart()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        Assert.Equal((ResponseCode.Success, null), await client.TryAsync(RequestCode.UpdateBrokerConfig, default(EmptyFields), "autoCreateTopicEnable=false\nfileReservedTime = 12\n"));
        using (RemotingResponse refused = await client.SendAsync("new", "1"))
        {
            Assert.Equal(ResponseCode.TopicNotExist, refused.Code);
        }

        await bench.RestartAsync();
        Assert.Equal((false, TimeSpan.FromHours(12)), (bench.Core.Options.AutoCreateTopics, bench.Core.Store.Options.RetentionTime));
        using RemotingResponse shown = await bench.Connect().AskAsync(RequestCode.GetBrokerConfig, default(EmptyFields));
        Assert.Contains("fileReservedTime=12\n", Encoding.UTF8.GetString(shown.Body.Span), StringComparison.Ordinal);
        Assert.Contains("\"counter\":", shown.Fields.GetString("version"u8), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_setting_that_tools_of_4x_export_is_shown()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse shown = await bench.Connect().AskAsync(RequestCode.GetBrokerConfig, default(EmptyFields));
        string[] names = [.. Encoding.UTF8.GetString(shown.Body.Span).Split('\n').Select(static line => line.Split('=')[0])];
        Assert.Empty(((string[])
        [
            "brokerClusterName", "brokerId", "brokerName", "brokerRole", "fileReservedTime", "filterServerNums", "flushDiskType", "maxMessageSize",
            "messageDelayLevel", "msgTraceTopicName", "slaveReadEnable", "traceOn", "traceTopicEnable", "useTLS", "autoCreateTopicEnable",
            "autoCreateSubscriptionGroup",
        ]).Except(names));
    }

    [Theory]
    [InlineData("nobodyKnowsThis=1", "nobodyKnowsThis")]
    [InlineData("flushDiskType=ASYNC_FLUSH", "flushDiskType")]
    [InlineData("fileReservedTime=soon", "fileReservedTime")]
    [InlineData("fileReservedTime=-1", "fileReservedTime")]
    [InlineData("maxTransferCountOnMessageInMemory=99999999", "maxTransferCountOnMessageInMemory")]
    [InlineData("brokerPermission=9", "brokerPermission")]
    [InlineData("autoCreateTopicEnable=perhaps", "autoCreateTopicEnable")]
    public async Task A_setting_that_cannot_be_changed_is_named_and_nothing_of_its_request_is(string text, string name)
    {
        await using BrokerBench bench = BrokerBench.Open();
        (int code, string? remark) = await bench.Connect().TryAsync(RequestCode.UpdateBrokerConfig, default(EmptyFields), "autoCreateSubscriptionGroup=false\n" + text);
        Assert.Equal(ResponseCode.NoPermission, code);
        Assert.Contains(name, remark, StringComparison.Ordinal);
        Assert.True(bench.Core.Options.AutoCreateGroups);
    }

    [Fact]
    public async Task Without_the_permission_to_write_sends_are_refused_and_reads_go_on()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 1);
        await client.TryAsync(RequestCode.UpdateBrokerConfig, default(EmptyFields), "brokerPermission=4");
        using RemotingResponse refused = await client.SendAsync("t", "2");
        using RemotingResponse read = await client.PullAsync("t", 0);
        Assert.Equal((ResponseCode.NoPermission, ResponseCode.Success), (refused.Code, read.Code));
        await client.TryAsync(RequestCode.UpdateBrokerConfig, default(EmptyFields), "brokerPermission=6");
        await client.SendManyAsync("t", 1);
    }

    [Fact]
    public async Task Topics_can_be_made_by_sending_once_that_is_switched_on()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.AutoCreateTopics = false);
        BrokerClient client = bench.Connect();
        await client.TryAsync(RequestCode.UpdateBrokerConfig, default(EmptyFields), "autoCreateTopicEnable=true");
        await client.SendManyAsync("t", 1);
    }

    [Fact]
    public async Task Counters_cover_the_last_minute_hour_and_day()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 4);
        (await client.PullAsync("t", 0)).Dispose();
        await AdvanceAsync(bench, TimeSpan.FromMinutes(5));
        await client.SendManyAsync("t", 2);
        BrokerStatsData put = await StatsAsync(client, "TOPIC_PUT_NUMS", "t");
        Assert.Equal((2, 6, 6), (put.Minute.Sum, put.Hour.Sum, put.Day.Sum));
        Assert.Equal(1, put.Day.Average);
        BrokerStatsData got = await StatsAsync(client, "GROUP_GET_NUMS", "t@g");
        Assert.Equal((0, 4, 4), (got.Minute.Sum, got.Hour.Sum, got.Day.Average));
        Assert.True((await StatsAsync(client, "TOPIC_PUT_SIZE", "t")).Day.Sum > 6);
        Assert.Equal(6, (await StatsAsync(client, "BROKER_PUT_NUMS", "DefaultCluster")).Day.Sum);
        foreach ((string name, string key) in ((string, string)[])[("TOPIC_PUT_NUMS", "x"), ("GROUP_GET_NUMS", "t"), ("NOTHING", "t"), ("GROUP_GET_NUMS", "@")])
        {
            Assert.Equal(
                (ResponseCode.SystemError, $"The stats <{name}> <{key}> not exist"),
                await client.TryAsync(RequestCode.ViewBrokerStatsData, new ViewBrokerStatsDataRequestHeader { StatsName = name, StatsKey = key }));
        }
    }

    [Fact]
    public async Task Counters_that_counted_nothing_for_a_day_go_and_those_beyond_the_limit_are_not_kept()
    {
        await using BrokerBench bench = BrokerBench.Open(static options => options.MaxStatistics = 16);
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 20; i++)
        {
            await client.SendManyAsync($"t{i}", 1);
        }

        Assert.Equal(14, Enumerable.Range(0, 20).Count(i => bench.Core.Statistics.Find(Key(i)) is not null));
        await AdvanceAsync(bench, TimeSpan.FromHours(26));
        Assert.Equal(0, Enumerable.Range(0, 20).Count(i => bench.Core.Statistics.Find(Key(i)) is not null));

        static ProtoBridgeMQ.Broker.Statistics.StatisticKey Key(int i) => new(ProtoBridgeMQ.Broker.Statistics.StatisticKind.TopicPut, $"t{i}", string.Empty);
    }

    [Fact]
    public async Task Tables_are_given_as_their_files_have_them()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 2);
        await client.CommitAsync("t", "g", 1);
        Assert.Contains("\"t@g\":{0:1", await TextAsync(client, RequestCode.GetAllConsumerOffset), StringComparison.Ordinal);
        Assert.Contains("offsetTable", await TextAsync(client, RequestCode.GetAllDelayOffset), StringComparison.Ordinal);
        Assert.Contains("timingCount", await TextAsync(client, RequestCode.GetTimerMetrics), StringComparison.Ordinal);
        Assert.Contains("\"master\":true", await TextAsync(client, RequestCode.GetBrokerHaStatus), StringComparison.Ordinal);
        using RemotingResponse checkpoint = await client.AskAsync(RequestCode.GetTimerCheckPoint, default(EmptyFields));
        Assert.Equal(56, checkpoint.Body.Length);
    }

    [Theory]
    [InlineData("a=1\nb = 2\n c:3\n# no\n!no\n\nd\\=e=x\\ty\nf=one \\\n  two\ng\nh=\\u00e4", "a=1;b=2;c=3;d=e=x\ty;f=one two;g=;h=ä")]
    public void Properties_are_read_as_java_reads_them(string text, string expected) =>
        Assert.Equal(expected, string.Join(';', PropertiesText.Parse(text).Select(static pair => $"{pair.Key}={pair.Value}")));

    [Fact]
    public void Properties_come_back_as_they_were_written() => Seeded.Run(static random =>
    {
        var pairs = Enumerable.Range(0, 20).ToDictionary(static i => $"k{i}", _ => new string([.. Enumerable.Range(0, random.Next(9)).Select(_ => " =:#!\\\tab\n\u00e4"[random.Next(11)])]));
        Assert.Equal(pairs.OrderBy(static pair => pair.Key), PropertiesText.Parse(PropertiesText.Write(pairs)).OrderBy(static pair => pair.Key));
    });

    private static Task<BrokerStatsData> StatsAsync(BrokerClient client, string name, string key) =>
        client.BodyAsync(RequestCode.ViewBrokerStatsData, new ViewBrokerStatsDataRequestHeader { StatsName = name, StatsKey = key }, AdminJson.Bodies.BrokerStatsData);

    private static async Task<string> TextAsync(BrokerClient client, int code)
    {
        using RemotingResponse answer = await client.AskAsync(code, default(EmptyFields));
        Assert.Equal(ResponseCode.Success, answer.Code);
        return Encoding.UTF8.GetString(answer.Body.Span);
    }

    // In the steps in which counters are sampled.
    private static Task AdvanceAsync(BrokerBench bench, TimeSpan time)
    {
        for (TimeSpan done = TimeSpan.Zero; done < time; done += TimeSpan.FromSeconds(10))
        {
            bench.Clock.Advance(TimeSpan.FromSeconds(10));
        }

        return Task.CompletedTask;
    }
}
