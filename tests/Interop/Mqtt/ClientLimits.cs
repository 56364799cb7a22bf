using System.Globalization;
using System.Text.Json;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>What mosquitto's clients see of the limits of one client.</summary>
public sealed class ClientLimits
{
    [FactWhen(Needs.Mosquitto)]
    public async Task PUBLISHes_above_the_rate_are_refused_by_PUBACK_and_older_clients_are_held_back()
    {
        await using GatewayProcess gateway = await StartAsync("""{ "mqtt": { "publishRate": 4, "rateBurst": "00:00:01" } }""");
        await using MosquittoSubscription watcher = await Mosquitto.SubscribeAsync(gateway, "rate/#", "-q", "1");

        // The program ends with the last PUBACK; of version 5 it is told of each that was refused.
        await using ChildProcess five = await PublishLinesAsync(gateway, "rate/five", "5", 12);
        await five.ExitAsync();
        Assert.Contains("Quota exceeded", five.Output, StringComparison.Ordinal);
        Assert.Contains("more PUBLISHes a second than allowed", five.Output, StringComparison.Ordinal);

        await using ChildProcess four = await PublishLinesAsync(gateway, "rate/four", "311", 12);
        Assert.Equal(0, await four.ExitAsync());
        foreach (int number in Enumerable.Range(1, 12))
            await watcher.MessageAsync($"rate/four {number}");
        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Connections_of_one_address_above_the_limit_are_refused()
    {
        await using GatewayProcess gateway = await StartAsync("""{ "mqtt": { "connectionsPerAddress": 1 } }""");
        await using (await Mosquitto.SubscribeAsync(gateway, "a"))
        {
            Assert.Contains("Quota exceeded", await RefusedAsync(gateway, "5"), StringComparison.Ordinal);
            Assert.Contains("Connection Refused", await RefusedAsync(gateway, "311"), StringComparison.Ordinal);
        }

        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Connections_of_one_user_above_the_limit_are_refused()
    {
        using var files = new TempDirectory("limits");
        await using (ChildProcess command = ChildProcess.Start("dotnet", [GatewayProgram.Path, "user", "add", "ada", "--file", files["users.json"]]))
        {
            await command.WriteLineAsync("one");
            Assert.True(await command.ExitAsync() == 0, command.Output);
        }

        await using GatewayProcess gateway = await StartAsync(JsonSerializer.Serialize(new { access = new { usersFile = files["users.json"] }, mqtt = new { connectionsPerUser = 1 } }));
        await using (await Mosquitto.SubscribeAsync(gateway, "a", "-u", "ada", "-P", "one"))
            Assert.Contains("Quota exceeded", await RefusedAsync(gateway, "5", "-u", "ada", "-P", "one"), StringComparison.Ordinal);

        await Eventually.TrueAsync(async () => await PublishesAsync(gateway, "-u", "ada", "-P", "one"), "there is room again when the first one has gone");
        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Bytes_and_subscriptions_above_their_limits_are_refused_one_by_one()
    {
        await using GatewayProcess gateway = await StartAsync("""{ "mqtt": { "publishByteRate": 100, "rateBurst": "00:00:01", "subscriptionsPerSession": 2 } }""");
        await using ChildProcess publisher = await PublishLinesAsync(gateway, "bytes", "5", 3, new string('b', 200));
        await publisher.ExitAsync();
        Assert.Contains("Quota exceeded", publisher.Output, StringComparison.Ordinal);

        await using MosquittoSubscription subscriber = await Mosquitto.SubscribeAsync(gateway, "one", "-t", "two", "-t", "three", "-V", "5", "-q", "1");
        await subscriber.SaysAsync(1, "Subscribed (mid: 1): 1, 1, 151");
        Assert.Empty(gateway.Failures);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task CONNECTs_that_come_too_fast_are_refused()
    {
        await using GatewayProcess gateway = await StartAsync("""{ "mqtt": { "connectRatePerAddress": 1, "rateBurst": "00:00:00.1" } }""");
        string refused = string.Empty;
        for (int i = 0; i < 20 && refused.Length == 0; i++)
        {
            ChildProcess[] some = [.. Enumerable.Range(0, 8).Select(_ => Publisher(gateway, "-V", "5", "-t", "a", "-m", "x"))];
            foreach (ChildProcess one in some)
            {
                refused = await one.ExitAsync() == 0 ? refused : one.Output;
                await one.DisposeAsync();
            }
        }

        Assert.Contains("Connection rate exceeded", refused, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(gateway.Failures);
    }

    private static Task<GatewayProcess> StartAsync(string configuration) => GatewayProcess.StartAsync(new GatewaySettings { Configuration = configuration });

    private static ChildProcess Publisher(GatewayProcess gateway, params string[] more)
        => ChildProcess.Start("mosquitto_pub", ["-h", "127.0.0.1", "-p", gateway.Ports.Mqtt.ToString(CultureInfo.InvariantCulture), .. more]);

    private static async Task<ChildProcess> PublishLinesAsync(GatewayProcess gateway, string topic, string version, int count, string more = "")
    {
        ChildProcess publisher = Publisher(gateway, "-V", version, "-q", "1", "-t", topic, "-l", "-d");
        foreach (int number in Enumerable.Range(1, count))
            await publisher.WriteLineAsync($"{topic} {number}{more}");
        publisher.CloseInput();
        return publisher;
    }

    private static async Task<bool> PublishesAsync(GatewayProcess gateway, params string[] more)
    {
        await using ChildProcess publisher = Publisher(gateway, ["-t", "a", "-m", "x", .. more]);
        return await publisher.ExitAsync() == 0;
    }

    private static async Task<string> RefusedAsync(GatewayProcess gateway, string version, params string[] more)
    {
        await using ChildProcess publisher = Publisher(gateway, ["-V", version, "-t", "a", "-m", "x", .. more]);
        Assert.NotEqual(0, await publisher.ExitAsync());
        return publisher.Output;
    }
}
