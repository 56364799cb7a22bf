using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Broker;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

public class FlowControlOfABroker
{
    [Fact]
    public async Task A_disk_that_is_too_slow_refuses_by_bytes_and_then_goes_on()
    {
        using HeldFlushes disk = new();
        await using HostileBroker broker = new(static options => options.MaxUndurableBytes = 1 << 16, disk);
        await CheckAsync(broker, disk, new string('x', 16 * 1024), most: 10, "UndurableBytes", "65536 bytes wait to become durable (limit MaxUndurableBytes)");
    }

    [Fact]
    public async Task A_disk_that_is_too_slow_refuses_by_number_and_then_goes_on()
    {
        using HeldFlushes disk = new();
        await using HostileBroker broker = new(static options => options.MaxWaitingSends = 3, disk);
        await CheckAsync(broker, disk, "x", most: 3, "WaitingSends", "3 sends wait for the disk (limit MaxWaitingSends)");
    }

    [Fact]
    public async Task Answers_that_are_left_untaken_are_bounded_over_all_connections_and_the_others_are_served()
    {
        await using HostileBroker broker = new();
        BrokerClient steady = broker.Connect();
        (await steady.SendAsync("t", new string('x', 40_000))).Dispose();
        var budget = new AnswerBudget(100_000);
        RawPeer greedy = broker.Peer(window: 64 * 1024, budget);
        int asked = 0;
        await Eventually.True(
            () =>
            {
                greedy.Write(View(asked++));
                return budget.IsExceeded;
            },
            "more bytes wait than may");
        greedy.Write(View(asked++));
        Assert.InRange(budget.Bytes, 100_000, 200_000);
        RawPeer other = broker.Peer(window: 64 * 1024, budget);
        other.Write(View(7));
        Assert.Equal(ResponseCode.Success, (await other.NextAsync())!.Code);

        RawAnswer? last = null;
        while (asked-- > 0)
        {
            last = await greedy.NextAsync().Within("an answer");
        }

        Assert.Equal(ResponseCode.SystemBusy, last!.Code);
        Assert.Contains("MaxQueuedAnswerBytes", last.Remark, StringComparison.Ordinal);
        await Eventually.True(() => budget.Bytes == 0, "nothing waits any more");
        greedy.Write(View(9));
        Assert.Equal(ResponseCode.Success, (await greedy.NextAsync())!.Code);
        await greedy.EndAsync();
        await other.EndAsync();
        Assert.Equal(0, budget.Bytes);
    }

    private static async Task CheckAsync(HostileBroker broker, HeldFlushes disk, string body, int most, string limit, string remark)
    {
        using var limits = new Limits(broker.Core.Metrics.Meter);
        BrokerClient client = broker.Connect();
        (await client.SendAsync("t", body)).Dispose();
        disk.Hold();
        var taken = new List<Task<RemotingResponse>>();
        try
        {
            await FillAsync(client, body, most, taken, remark, () => limits[limit] > 0);
            Assert.Equal(1, limits[limit]);
            await disk.Waits.WaitAsync();
        }
        finally
        {
            disk.Release();
        }

        foreach (Task<RemotingResponse> send in taken)
        {
            using RemotingResponse answer = await send.Within("a send that waited is answered");
            Assert.Equal(ResponseCode.Success, answer.Code);
        }

        using RemotingResponse after = await client.SendAsync("t", body);
        Assert.Equal(ResponseCode.Success, after.Code);
        broker.Log.MustBeSilent("a slow disk");
    }

    // A send either waits for the disk or is refused at once: it is counted before the request behind it is answered.
    private static async Task FillAsync(
        BrokerClient client, string body, int most, List<Task<RemotingResponse>> taken, string remark, Func<bool> isRefused)
    {
        while (true)
        {
            Task<RemotingResponse> send = client.SendAsync("t", body);
            (await client.PullAsync("nowhere", 0)).Dispose();
            if (isRefused())
            {
                using RemotingResponse refusal = await send.Within("a refusal is told");
                Assert.Equal(ResponseCode.SystemBusy, refusal.Code);
                Assert.Contains(remark, refusal.Remark, StringComparison.Ordinal);
                return;
            }

            taken.Add(send);
            Assert.InRange(taken.Count, 1, most);
        }
    }

    private static byte[] View(int opaque) => new LooseFrame { Code = RequestCode.ViewMessageById, Opaque = opaque, Fields = { ("offset", "0") } }.ToBytes();
}
