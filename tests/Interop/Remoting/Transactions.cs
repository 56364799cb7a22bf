using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>Transactions against the real process, which is killed between their steps.</summary>
public sealed class Transactions
{
    private const string Group = "g_tx";
    private const int Commit = 8;
    private const int Rollback = 12;

    [Fact]
    public async Task What_was_answered_of_a_transaction_holds_when_the_process_is_killed_after_it()
    {
        using var data = new TempDirectory("transactions");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        RawAnswer kept, dropped;
        using (RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker))
        {
            await broker.CreateTopicAsync("transactions", 1);
            kept = await HalfAsync(broker, "kept", "K1");
            dropped = await HalfAsync(broker, "dropped", "K2");
        }

        await KillAsync(gateway);
        using (RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker))
        {
            Assert.Empty(await BodiesAsync(broker));
            Assert.Equal(0, (await EndAsync(broker, kept, Commit)).Code);
            Assert.Equal(0, (await EndAsync(broker, dropped, Rollback)).Code);
        }

        await KillAsync(gateway);
        using (RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker))
        {
            Assert.Equal(["kept"], await BodiesAsync(broker));
            Assert.NotEqual(0, (await EndAsync(broker, dropped, Commit)).Code);
            Assert.Equal(["kept"], await BodiesAsync(broker));
        }
    }

    private static async Task KillAsync(GatewayProcess gateway)
    {
        await gateway.KillAsync();
        await gateway.StartAgainAsync();
    }

    private static async Task<RawAnswer> HalfAsync(RawBroker broker, string body, string key)
    {
        RawAnswer answer = await broker.SendAsync(
            "transactions", 0, Encoding.UTF8.GetBytes(body), ("TRAN_MSG", "true"), ("PGROUP", Group), ("UNIQ_KEY", key));
        Assert.True(answer.Code == 0, answer.Remark);
        Assert.Equal(key, answer.Fields["transactionId"]);
        return answer;
    }

    private static Task<RawAnswer> EndAsync(RawBroker broker, RawAnswer half, int outcome)
    {
        long physical = long.Parse(half.Fields["msgId"].AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return broker.EndTransactionAsync(Group, half.Number("queueOffset"), physical, outcome, half.Fields["transactionId"]);
    }

    private static async Task<IEnumerable<string>> BodiesAsync(RawBroker broker) =>
        (await broker.PullAsync("transactions", 0, 0, "audit")).Messages.Select(message => message.Text);
}
