using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Broker;
using Xunit.Abstractions;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>Peers that keep silent, do not read, or answer what was never asked. Connections: PROTOBRIDGE_REMOTING_CONNECTIONS (2000 by default).</summary>
public class ManyAndSilentPeers(ITestOutputHelper output)
{
    private const long MostBytesOfAConnection = 64 * 1024;

    private static int Connections =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_REMOTING_CONNECTIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 2000;

    [Fact]
    public async Task Many_connections_that_only_heartbeat_cost_little_each_and_leave_nothing_behind()
    {
        await using HostileBroker broker = new();
        BrokerClient steady = broker.Connect();
        (await steady.SendAsync("t", "1")).Dispose();
        var peers = new List<RawPeer>(Connections);
        long allocated = 0;
        for (int number = 0; number < Connections; number++)
        {
            byte[] heartbeat = Heartbeat(number);
            long before = GC.GetAllocatedBytesForCurrentThread();
            RawPeer peer = broker.Peer();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before + peer.Write(heartbeat);
            peers.Add(peer);
            if (number % 100 == 0)
            {
                broker.Log.MustBeSilent("a heartbeat");
            }
        }

        foreach (RawPeer peer in peers)
        {
            Assert.Equal(ResponseCode.Success, (await peer.NextAsync().Within("a heartbeat is answered"))!.Code);
        }

        output.WriteLine($"{Connections} connections, {allocated / Connections} bytes were allocated for each with its first heartbeat");
        Assert.True(allocated / Connections < MostBytesOfAConnection, $"{allocated / Connections} bytes for a connection");
        Assert.Equal(Connections, broker.Core.Tables.Consumers.MemberCount);
        using RemotingResponse sent = await steady.SendAsync("t", "2");
        Assert.Equal(ResponseCode.Success, sent.Code);
        foreach (RawPeer peer in peers)
        {
            await peer.EndAsync();
        }

        await Eventually.True(() => broker.Core.Tables.Consumers.MemberCount == 0, "members go with their connections");
    }

    [Fact]
    public async Task A_peer_that_asks_and_never_reads_is_cut_off_and_the_others_are_served()
    {
        await using HostileBroker broker = new(static options =>
        {
            options.Remoting.MaxUnflushedBytes = 256 * 1024;
            options.Remoting.SendStallTimeout = TimeSpan.FromSeconds(20);
        });
        BrokerClient steady = broker.Connect();
        (await steady.SendAsync("t", new string('x', 40_000))).Dispose();
        var budget = new AnswerBudget(long.MaxValue);
        RawPeer deaf = broker.Peer(window: 64 * 1024, budget);
        // On a thread of the pool requests that may block are handled where they are written, so all is done after it.
        await Task.Run(() =>
        {
            for (int asked = 0; asked < 1000; asked++)
            {
                deaf.Write(new LooseFrame { Code = RequestCode.ViewMessageById, Opaque = asked, Fields = { ("offset", "0") } }.ToBytes());
            }
        });

        Assert.InRange(budget.Bytes, 64 * 1024, (256 * 1024) + 50_000);
        using RemotingResponse pulled = await steady.PullAsync("t", 0);
        Assert.Single(BrokerClient.Records(pulled));
        broker.Clock.Advance(TimeSpan.FromSeconds(22));
        await deaf.RunsOut("the connection is cut off");
        Assert.Equal("the peer does not read", deaf.ClosedBecause);
        Assert.Equal(0, budget.Bytes);
        using RemotingResponse sent = await steady.SendAsync("t", "2");
        Assert.Equal(ResponseCode.Success, sent.Code);
        broker.Log.MustBeSilent("a peer that does not read");
    }

    [Fact]
    public async Task Answers_that_nobody_waits_for_are_passed_over()
    {
        await using HostileBroker broker = new();
        RawPeer peer = broker.Peer();
        for (int number = 0; number < 1000; number++)
        {
            peer.Write(new LooseFrame { Code = number, Opaque = number, Flag = 1, Body = new byte[1000], IsBinary = number % 2 == 0 }.ToBytes());
        }

        peer.Write(Heartbeat(0));
        Assert.Equal(new RawAnswer(7, ResponseCode.Success, null), await peer.NextAsync().Within("a request behind them is answered"));
        await peer.EndAsync();
        Assert.Null(peer.ClosedBecause);
        broker.Log.MustBeSilent("answers");
    }

    private static byte[] Heartbeat(int number) => new LooseFrame
    {
        Code = RequestCode.Heartbeat,
        Body = Encoding.UTF8.GetBytes(
            $$"""{"clientID":"client-{{number}}","consumerDataSet":[{"groupName":"g{{number / 20}}","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING","consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","subscriptionDataSet":[{"topic":"t","subString":"*","subVersion":1}]}],"producerDataSet":[]}"""),
    }.ToBytes();
}
