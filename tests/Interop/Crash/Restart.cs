using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>What is there after a restart on the same data directory.</summary>
public sealed class Restart
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_and_the_progress_of_a_group_are_there_afterwards(bool killed)
    {
        using var data = new TempDirectory("restart");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        using (var rest = new Rest(gateway))
        using (RawMqtt mqtt = await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, "restart"))
        {
            for (int i = 0; i < 10; i++)
            {
                await mqtt.PublishAsync("restart/a", $"{i}");
            }

            Assert.Equal(10, (await rest.TakeAsync("restart", "done", 10)).Count);
            for (int i = 10; i < 20; i++)
            {
                await mqtt.PublishAsync("restart/a", $"{i}");
            }

            await ProgressIsSavedAsync(data.Path);
        }

        if (killed)
        {
            await gateway.KillAsync();
        }
        else
        {
            Assert.Equal(0, await gateway.StopAsync());
        }

        await gateway.StartAgainAsync();
        using var again = new Rest(gateway);
        Assert.Equal(Texts(10, 10), Bodies(await again.TakeAsync("restart", "done", 10)));
        Assert.Equal(Texts(0, 20), Bodies(await again.TakeAsync("restart", "new", 20)));
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_refused_with_a_reason()
    {
        using var data = new TempDirectory("locked");
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Data = data.Path, Ports = GatewayPorts.Free() });
        GatewayPorts ports = GatewayPorts.Free();

        await using ChildProcess second = ChildProcess.Start(
            "dotnet",
            [GatewayProgram.Path, "--data", data.Path, "--mqtt-port", $"{ports.Mqtt}", "--http-port", $"{ports.Http}",
                "--namesrv-port", $"{ports.NameServer}", "--broker-port", $"{ports.Broker}"]);

        Assert.NotEqual(0, await second.ExitAsync());
        Assert.Contains(second.Lines, line => line.Contains(data.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_ready_within_two_seconds()
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync();

        // The tests share the machine with each other: the gateway's own count is the promise, doubled.
        string ready = gateway.Lines.First(GatewayProgram.SaysReady);
        int milliseconds = int.Parse(ready.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(milliseconds, 0, 4000);
    }

    private static async Task ProgressIsSavedAsync(string data)
    {
        string file = Path.Combine(data, "config", "consumerOffset.json");
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        while (!File.Exists(file) || !HasTen(await File.ReadAllTextAsync(file)))
        {
            string held = File.Exists(file) ? await File.ReadAllTextAsync(file) : "nothing";
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Waiting.Patience, $"the ten messages are not in the saved progress, which is {held}");
            await poll.WaitForNextTickAsync();
        }
    }

    /// <summary>All messages of one MQTT topic are in one queue: its progress is 10.</summary>
    private static bool HasTen(string table) => Regex.IsMatch(table, "\"restart@done\"\\s*:\\s*{[^}]*:\\s*10\\b");

    private static IEnumerable<string> Texts(int first, int count) => Enumerable.Range(first, count).Select(i => $"{i}");

    private static IEnumerable<string> Bodies(IReadOnlyList<JsonObject> messages)
        => messages.Select(message => (string)message["body"]!).OrderBy(body => int.Parse(body, System.Globalization.CultureInfo.InvariantCulture));
}
