using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.Broker;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>
/// Recorded frames with random damage, each on a connection of its own. Each whole request is answered once, broken bytes end the
/// connection with a reason, nothing is logged as an error, no frame makes the server allocate much, and a steady client beside is not
/// disturbed. Mutations: PROTOBRIDGE_REMOTING_MUTATIONS (3000 by default; a third of it for the name server).
/// </summary>
public class MutatedFrames
{
    private const int Batch = 50;
    private const long MostAllocated = 4 << 20;

    private static int Mutations =>
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_REMOTING_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 3000;

    [Fact]
    public Task A_broker_survives_them() => Seeded.RunAsync(async random =>
    {
        await using HostileBroker broker = new();
        BrokerClient steady = broker.Connect();
        for (int done = 0, round = 0; done < Mutations; done += Batch, round++)
        {
            await RunAsync(random, RecordedRequests.ToBroker, broker.Peer, broker.Options.Remoting, broker.Clock, broker.Log);
            broker.Options.Permission = 6;
            await SendAndPullAsync(steady, round);
        }

        await Eventually.True(() => broker.Core.HeldWaits == 0, "no read is held for a connection that is gone");
    });

    [Fact]
    public Task A_name_server_survives_them() => Seeded.RunAsync(async random =>
    {
        await using HostileNameServer server = new();
        for (int done = 0; done < Mutations / 3; done += Batch)
        {
            await RunAsync(random, RecordedRequests.ToNameServer, server.Peer, server.Options.Connection, server.Clock, server.Log);
            await server.CheckSteadyAsync();
        }
    });

    private static async Task RunAsync(Random random, IReadOnlyList<byte[]> seeds, Func<RawPeer> connect, RemotingOptions options, ManualClock clock, LoudLog log)
    {
        var checks = new List<(byte[] Bytes, RawPeer Peer, Task Check)>(Batch);
        for (int each = 0; each < Batch; each++)
        {
            byte[] bytes = FrameMutator.Mutate(random, seeds);
            RawPeer peer = connect();
            long allocated = peer.Write(bytes);
            Assert.True(allocated < MostAllocated + 32L * bytes.Length, $"{allocated} bytes were allocated for {Text(bytes)}");
            log.MustBeSilent(Text(bytes));
            checks.Add((bytes, peer, FrameVerdict.Of(bytes, options).CheckAsync(peer)));
        }

        // Held requests and relays end with their time.
        try
        {
            await Eventually.True(
                () =>
                {
                    clock.Advance(TimeSpan.FromSeconds(1));
                    return checks.TrueForAll(static check => check.Check.IsCompleted);
                },
                "all are answered or closed");
        }
        catch (Exception) when (checks.Exists(static check => !check.Check.IsCompletedSuccessfully))
        {
            Assert.Fail($"never answered or closed: {Text(checks.First(static check => !check.Check.IsCompletedSuccessfully).Bytes)}");
        }

        foreach ((byte[] bytes, _, Task check) in checks)
        {
            try
            {
                await check;
            }
            catch (Exception failure)
            {
                Assert.Fail($"{failure.Message} after {Text(bytes)}");
            }

            log.MustBeSilent(Text(bytes));
        }
    }

    private static async Task SendAndPullAsync(BrokerClient steady, int round)
    {
        using RemotingResponse sent = await steady.SendAsync("steady", $"{round}");
        Assert.Equal((round, ResponseCode.Success, null), (round, sent.Code, sent.Remark));
        using RemotingResponse pulled = await steady.PullAsync("steady", round, "steady", hold: 15_000);
        Assert.Equal($"{round}", Assert.Single(BrokerClient.Records(pulled)).Body);
    }

    private static string Text(byte[] bytes) => $"{bytes.Length} bytes {Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 1500))} = {Convert.ToBase64String(bytes, 0, Math.Min(bytes.Length, 2000))}";
}
