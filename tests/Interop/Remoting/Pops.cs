using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>Popping against the real process by frames, and after it is killed.</summary>
public sealed class Pops
{
    private const int Pop = 200050;
    private const int Ack = 200051;
    private const int Change = 200053;
    private const int Found = 0;

    [Fact]
    public async Task What_is_acknowledged_stays_away_and_what_is_not_comes_back_also_when_the_process_is_killed()
    {
        using var data = new TempDirectory("pops");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        RawAnswer popped;
        using (RawRemoting remoting = await RawRemoting.ConnectAsync(gateway.Ports.Broker))
        using (RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker))
        {
            await broker.CreateTopicAsync("pops", 1);
            foreach (string body in (string[])["acknowledged", "left", "extended"])
            {
                Assert.Equal(0, (await broker.SendAsync("pops", 0, Encoding.UTF8.GetBytes(body))).Code);
            }

            for (int attempt = 0; attempt < 1_000 && (await broker.RangeAsync("pops", 0)).Next < 3; attempt++)
            {
                await Task.Yield();
            }

            popped = await PopAsync(remoting, invisible: 6_000, count: 3);
            Assert.Equal(("0 0 0", "0 0 0,1,2"), (popped.Fields["startOffsetInfo"], popped.Fields["msgOffsetInfo"]));
            Assert.Equal(0, (await SettleAsync(remoting, Ack, popped, 0)).Code);
            Assert.Equal(0, (await SettleAsync(remoting, Change, popped, 2, ("invisibleTime", "3600000"))).Code);
        }

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        using (RawRemoting remoting = await RawRemoting.ConnectAsync(gateway.Ports.Broker))
        {
            RawAnswer again = await PopAsync(remoting, invisible: 60_000, count: 1);
            StoredMessage left = Assert.Single(StoredMessage.ReadAll(again.Body));
            Assert.Equal("left", left.Text);
            long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            Assert.True(now >= popped.Number("popTime") + 6_000, "it came back before its invisible time was over");
            Assert.StartsWith("1 0 ", again.Fields["msgOffsetInfo"], StringComparison.Ordinal);
            Assert.Equal(210, (await AskAsync(remoting, invisible: 1_000, poll: 500)).Code);
        }
    }

    // Messages of one queue, which were all sent before: one pop has them, as soon as they are there.
    private static async Task<RawAnswer> PopAsync(RawRemoting remoting, int invisible, int count)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            RawAnswer answer = await AskAsync(remoting, invisible, poll: 10_000);
            if (answer.Code == Found)
            {
                Assert.Equal(count, StoredMessage.ReadAll(answer.Body).Count);
                return answer;
            }
        }

        throw new InvalidOperationException("nothing was popped");
    }

    private static Task<RawAnswer> AskAsync(RawRemoting remoting, int invisible, int poll) => remoting.AskAsync(
        Pop,
        [("consumerGroup", "g"), ("topic", "pops"), ("queueId", "-1"), ("maxMsgNums", "32"), ("invisibleTime", Text(invisible)), ("pollTime", Text(poll)),
            ("bornTime", Text(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds())), ("initMode", "0"), ("expType", "TAG"), ("exp", "*"), ("order", "false")]);

    private static Task<RawAnswer> SettleAsync(RawRemoting remoting, int code, RawAnswer popped, int offset, params (string Name, string Value)[] more) => remoting.AskAsync(
        code,
        [("consumerGroup", "g"), ("topic", "pops"), ("queueId", "0"), ("offset", Text(offset)),
            ("extraInfo", $"0 {popped.Fields["popTime"]} {popped.Fields["invisibleTime"]} {popped.Fields["reviveQid"]} 0 broker-a 0 {offset}"), .. more]);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
