using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Unit.Broker;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>What a producer hears, and what is counted, when the store takes no message for a time or for good.</summary>
public class StoreThatRefuses
{
    [Fact]
    public async Task More_queues_than_may_be_are_refused_by_that_limit_and_the_others_go_on()
    {
        await using HostileBroker broker = new(static options => options.MaxQueues = 2);
        using var limits = new Limits(broker.Core.Metrics.Meter);
        BrokerClient client = broker.Connect();
        await SentAsync(client, queueId: 0);
        await SentAsync(client, queueId: 1);
        using (RemotingResponse refused = await client.SendAsync("t", "x", queueId: 2))
        {
            Assert.Equal(ResponseCode.SystemBusy, refused.Code);
            Assert.Contains("2 queues exist, as many as may be (limit MaxQueues)", refused.Remark, StringComparison.Ordinal);
        }

        Assert.Equal(1, limits["Queues"]);
        await SentAsync(client, queueId: 1);
        broker.Log.MustBeSilent("a limit");
    }

    [Fact]
    public async Task A_full_disk_is_named_and_sends_go_on_when_there_is_room()
    {
        using HeldFlushes disk = new();
        await using HostileBroker broker = new(null, disk);
        using var limits = new Limits(broker.Core.Metrics.Meter);
        BrokerClient client = broker.Connect();
        await SentAsync(client);
        disk.IsFull = true;
        string body = new('x', 200_000);
        for (int sent = 0; limits["DiskFull"] == 0; sent++)
        {
            Assert.InRange(sent, 0, 20);
            using RemotingResponse answer = await client.SendAsync("t", body);
            Assert.Equal(limits["DiskFull"] == 0 ? ResponseCode.Success : ResponseCode.ServiceNotAvailable, answer.Code);
        }

        disk.IsFull = false;
        int code = ResponseCode.ServiceNotAvailable;
        for (int tries = 0; tries < 1000 && code != ResponseCode.Success; tries++)
        {
            broker.Clock.Advance(TimeSpan.FromSeconds(1));
            using RemotingResponse answer = await client.SendAsync("t", body);
            code = answer.Code;
        }

        Assert.Equal(ResponseCode.Success, code);
    }

    [Fact]
    public async Task After_a_failed_flush_the_store_is_read_only_and_says_why()
    {
        using HeldFlushes disk = new();
        await using HostileBroker broker = new(null, disk);
        using var limits = new Limits(broker.Core.Metrics.Meter);
        BrokerClient client = broker.Connect();
        await SentAsync(client);
        disk.Fails = true;
        using (RemotingResponse unknown = await client.SendAsync("t", "x"))
        {
            Assert.NotEqual(ResponseCode.Success, unknown.Code);
        }

        disk.Fails = false;
        using RemotingResponse refused = await client.SendAsync("t", "x");
        Assert.Equal(ResponseCode.ServiceNotAvailable, refused.Code);
        Assert.Equal(broker.Core.Store.State.Reason, refused.Remark);
        Assert.Equal(1, limits["ReadOnly"]);
        using RemotingResponse pulled = await client.PullAsync("t", 0);
        Assert.Equal(ResponseCode.Success, pulled.Code);
    }

    [Fact]
    public async Task A_broker_that_stops_says_so()
    {
        await using HostileBroker broker = new();
        using var limits = new Limits(broker.Core.Metrics.Meter);
        var control = new FlowControl(broker.Core.Store, broker.Options, broker.Core.Metrics);
        SendOutcome refused = control.Refuse(AppendStatus.ShuttingDown);
        Assert.Equal((SendStatus.ReadOnly, "the broker is stopping"), (refused.Status, refused.Remark));
        Assert.Equal(1, limits["Stopping"]);
    }

    private static async Task SentAsync(BrokerClient client, int queueId = 0)
    {
        using RemotingResponse answer = await client.SendAsync("t", "x", queueId: queueId);
        Assert.Equal((ResponseCode.Success, null), (answer.Code, answer.Remark));
    }
}
