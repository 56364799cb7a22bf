using System.Globalization;
using System.Net;
using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Pop;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

/// <summary>A directory in which Apache's broker popped: its checkpoints and acknowledgements wait in the timers.</summary>
public class PopsOfApache
{
    private const string Retry = "%RETRY%g_t";

    [Fact]
    public async Task What_a_checkpoint_in_the_timers_says_comes_back()
    {
        await using BrokerBench bench = await PoppedByApacheAsync(5_000);
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max(Retry, 0) == 1, "the message comes back");
        Assert.Equal("a", Assert.Single(await bench.Connect().TakeAsync("t")).Body);
    }

    [Fact]
    public async Task What_is_acknowledged_before_its_checkpoint_comes_out_of_the_timers_stays_away()
    {
        await using BrokerBench bench = await PoppedByApacheAsync(5_000);
        long popTime = PopTime(bench);
        long[] one = [0];
        Assert.Equal(PopSettleStatus.Ok, await bench.Core.Pop.AckAsync("g", "t", 0, new ReceiptHandle(0, popTime, 5_000, 3), one));
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Max("rmq_sys_REVIVE_LOG_DefaultCluster", 3) == 2, "checkpoint and acknowledgement come out of the timers");
        await bench.AdvanceUntil(TimeSpan.FromSeconds(1), () => bench.Core.Offsets.Query("CID_RMQ_SYS_REVIVE_GROUP", "rmq_sys_REVIVE_LOG_DefaultCluster", 3) == 1, "the account is settled");
        bench.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(bench.Core.Topics.Find(Retry));
    }

    [Fact]
    public void A_checkpoint_is_read_as_Apache_writes_it_and_written_again()
    {
        const string Text = """{"bm":0,"bn":"broker-a","c":"g","d":[0,3],"it":60000,"n":2,"pt":1795219539003,"q":1,"ro":0,"so":7,"t":"t"}""";
        ReviveRecord record = ReviveRecord.Parse(ReviveRecordKind.Checkpoint, Encoding.UTF8.GetBytes(Text))!;
        Assert.Equal(("g", "t", 1, 7L, 60_000L, 2), (record.Group, record.Topic, record.QueueId, record.StartOffset, record.InvisibleTime, record.Count));
        var written = new System.Buffers.ArrayBufferWriter<byte>();
        record.Write(written);
        Assert.Equal(Text, Encoding.UTF8.GetString(written.WrittenSpan));
        Assert.Equal("t@1@7@g@1795219539003@broker-a@ck", record.UniqueKey());
        Assert.Null(ReviveRecord.Parse(ReviveRecordKind.Checkpoint, "[]"u8));
        Assert.Null(ReviveRecord.Parse(ReviveRecordKind.Ack, """{"ao":1}"""u8));
    }

    private static long PopTime(BrokerBench bench) => bench.Clock.GetUtcNow().ToUnixTimeMilliseconds() - 500;

    private static async Task<BrokerBench> PoppedByApacheAsync(int invisible)
    {
        BrokerBench bench = BrokerBench.Open();
        await bench.Connect().SendAllAsync("t", "a");
        Assert.NotNull(bench.Core.Groups.FindOrCreate("g"));
        Assert.True(bench.Core.Offsets.Commit("g", "t", 0, 1));
        string body = string.Create(CultureInfo.InvariantCulture, $$"""{"bm":0,"bn":"broker-a","c":"g","d":[0],"it":{{invisible}},"n":1,"pt":{{PopTime(bench)}},"q":0,"ro":0,"so":0,"t":"t"}""");
        SendOutcome outcome = await Send(bench, body, PopTime(bench) + invisible - 1_000);
        Assert.Equal(SendStatus.Ok, outcome.Status);
        return bench;
    }

    private static ValueTask<SendOutcome> Send(BrokerBench bench, string body, long at) => bench.Core.SendAsync(new SendRequest
    {
        Topic = bench.Core.Topics.Find("rmq_sys_REVIVE_LOG_DefaultCluster")!,
        QueueId = 3,
        BornTime = 1,
        BornHost = new IPEndPoint(IPAddress.Loopback, 1),
        DeliverAt = at,
        Properties = "TAGS\u0001ck\u0002"u8,
        Body = Encoding.UTF8.GetBytes(body),
    });
}
