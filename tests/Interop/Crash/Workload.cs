using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>Senders of all three protocols at once, each until the process is killed under it.</summary>
internal sealed class Workload
{
    /// <summary>Topic of the remoting senders; queue i takes sender i.</summary>
    public const string RemotingTopic = "crash-remoting";

    /// <summary>First level of the MQTT senders' topics.</summary>
    public const string MqttTopic = "crash-mqtt";

    /// <summary>Topic of the HTTP senders.</summary>
    public const string HttpTopic = "crash-http";

    /// <summary>Queues of the remoting topic, and its senders.</summary>
    public const int RemotingSenders = 4;

    private const int MqttSenders = 3;
    private const int MqttWindow = 16;
    private const int HttpSenders = 2;

    /// <summary>One ledger a sender.</summary>
    public IReadOnlyList<Ledger> Remoting { get; } = Ledgers("remoting", RemotingSenders);

    /// <inheritdoc cref="Remoting"/>
    public IReadOnlyList<Ledger> Mqtt { get; } = Ledgers("mqtt", MqttSenders);

    /// <inheritdoc cref="Remoting"/>
    public IReadOnlyList<Ledger> Http { get; } = Ledgers("http", HttpSenders);

    /// <summary>The ledgers of a topic.</summary>
    public IReadOnlyList<Ledger> Of(string topic) => topic switch
    {
        RemotingTopic => Remoting,
        MqttTopic => Mqtt,
        _ => Http,
    };

    /// <summary>Sends with all senders until their connections end or the token says so.</summary>
    public Task RunAsync(GatewayProcess gateway, int seed, CancellationToken stop)
    {
        List<Task> senders =
        [
            .. Remoting.Select((ledger, i) => Task.Run(() => SendAsync(gateway, ledger, i, new Random(seed + i), stop), CancellationToken.None)),
            .. Mqtt.Select((ledger, i) => Task.Run(() => PublishAsync(gateway, ledger, i, new Random(seed + 100 + i), stop), CancellationToken.None)),
            .. Http.Select((ledger, i) => Task.Run(() => PostAsync(gateway, ledger, new Random(seed + 200 + i), stop), CancellationToken.None)),
        ];
        return Task.WhenAll(senders);
    }

    private static Ledger[] Ledgers(string name, int count) => [.. Enumerable.Range(0, count).Select(i => new Ledger($"{name}{i}"))];

    private static async Task SendAsync(GatewayProcess gateway, Ledger ledger, int queue, Random random, CancellationToken stop)
    {
        try
        {
            using RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker);
            while (!stop.IsCancellationRequested)
            {
                (long number, string body) = ledger.Next(random);
                RawAnswer answer = await broker.SendAsync(RemotingTopic, queue, Encoding.UTF8.GetBytes(body));
                if (answer.Code == 0)
                {
                    ledger.Acknowledge(number);
                }
            }
        }
        catch (Exception killed) when (IsConnectionLost(killed))
        {
        }
    }

    private static async Task PublishAsync(GatewayProcess gateway, Ledger ledger, int device, Random random, CancellationToken stop)
    {
        try
        {
            using RawMqtt mqtt = await RawMqtt.ConnectAsync(gateway.Ports.Mqtt, ledger.Stream);
            var inFlight = new Queue<(ushort Identifier, long Number)>();
            while (!stop.IsCancellationRequested)
            {
                while (inFlight.Count < MqttWindow)
                {
                    (long number, string body) = ledger.Next(random);
                    inFlight.Enqueue((await mqtt.SendAsync($"{MqttTopic}/{device}", Encoding.UTF8.GetBytes(body)), number));
                }

                // [MQTT-4.6.0-2]: acknowledgements come in the order of the publishes.
                (ushort expected, long acknowledged) = inFlight.Dequeue();
                Assert.Equal(expected, await mqtt.AcknowledgedAsync());
                ledger.Acknowledge(acknowledged);
            }
        }
        catch (Exception killed) when (IsConnectionLost(killed))
        {
        }
    }

    private static async Task PostAsync(GatewayProcess gateway, Ledger ledger, Random random, CancellationToken stop)
    {
        try
        {
            using var client = new HttpClient { BaseAddress = gateway.Http };
            while (!stop.IsCancellationRequested)
            {
                (long number, string body) = ledger.Next(random);
                using HttpResponseMessage response = await client.PostAsync(
                    new Uri($"v1/topics/{HttpTopic}/messages?key={ledger.Stream}", UriKind.Relative), new StringContent(body), CancellationToken.None);
                if (response.IsSuccessStatusCode && JsonNode.Parse(await response.Content.ReadAsStringAsync(CancellationToken.None)) is JsonObject)
                {
                    ledger.Acknowledge(number);
                }
            }
        }
        catch (Exception killed) when (IsConnectionLost(killed))
        {
        }
    }

    private static bool IsConnectionLost(Exception failure)
        => failure is IOException or HttpRequestException or System.Net.Sockets.SocketException or ObjectDisposedException;
}
