using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>Messages of any time against the real process, by remoting and by HTTP, and after it is killed.</summary>
public sealed class Timers
{
    [Fact]
    public async Task Timers_of_remoting_and_http_come_once_after_their_time_also_when_the_process_is_killed()
    {
        using var data = new TempDirectory("timers");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        long began = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        string recallHandle;
        using (RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker))
        using (var rest = new Rest(gateway))
        {
            await broker.CreateTopicAsync("timers", 1);
            Assert.Equal(0, (await broker.SendAsync("timers", 0, Bytes("remoting"), ("UNIQ_KEY", "R1"), ("TIMER_DELAY_MS", "2500"))).Code);
            RawAnswer gone = await broker.SendAsync("timers", 0, Bytes("recalled"), ("UNIQ_KEY", "R2"), ("TIMER_DELAY_SEC", "4"));
            recallHandle = gone.Fields["recallHandle"];
            Assert.Equal(0, (await broker.RecallAsync("timers", recallHandle)).Code);
            Assert.Equal(0, (await broker.SendAsync("timers", 0, Bytes("far"), ("UNIQ_KEY", "R3"), ("TIMER_DELAY_SEC", $"{40 * 24 * 3600}"))).Code);
            await rest.PublishAsync("timers", "delay=1500ms", "http");
            await rest.PublishAsync("timers", "delay=1ms", "soon");
            await rest.PublishAsync("timers", "delay=P40D", "far too");
            Assert.Equal(["http", "remoting", "soon"], Bodies(await rest.TakeAsync("timers", "g", 3)));
            long took = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - began;
            Assert.True(took >= 2500, $"{took} ms");
            await rest.PublishAsync("timers", "delay=3700ms", "after the kill");
        }

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        using (RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker))
        using (var rest = new Rest(gateway))
        {
            Assert.Equal(["after the kill", "http", "remoting", "soon"], Bodies(await rest.TakeAsync("timers", "another", 4)));
            Assert.Equal(604, (await broker.RecallAsync("timers", recallHandle)).Code);
            (IReadOnlyList<StoredMessage> all, _) = await broker.PullAsync("timers", 0, 0, "audit");
            Assert.Equal(["after the kill", "http", "remoting", "soon"], all.Select(stored => stored.Text).Order(StringComparer.Ordinal));
        }
    }

    private static IEnumerable<string> Bodies(IReadOnlyList<JsonObject> messages) =>
        messages.Select(message => (string)message["body"]!).Order(StringComparer.Ordinal);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
