using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Publishers by HTTP and MQTT, a group that receives by HTTP and a device that subscribes, all on a gateway in front of a cluster.</summary>
internal sealed class FrontTraffic : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(40);

    private readonly ConcurrentDictionary<string, bool> _acknowledged = new();
    private readonly ConcurrentDictionary<string, string> _unstored = new();
    private readonly ConcurrentDictionary<string, bool> _received = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopReceiving = new();
    private readonly GatewayProcess _gateway;
    private readonly HttpClient _http;
    private readonly MosquittoSubscription _device;
    private readonly string _topic;
    private Task _publishing = Task.CompletedTask;
    private Task _receiving = Task.CompletedTask;
    private int _last;
    private int _failed;

    private FrontTraffic(GatewayProcess gateway, string topic, MosquittoSubscription device)
    {
        _gateway = gateway;
        _topic = topic;
        _device = device;
        _http = new HttpClient { BaseAddress = gateway.Http, Timeout = Answer };
    }

    /// <summary>Bodies that were acknowledged.</summary>
    public ICollection<string> Acknowledged => _acknowledged.Keys;

    /// <summary>Bodies that were refused with the promise that nothing was stored, and how.</summary>
    public IReadOnlyDictionary<string, string> Unstored => _unstored;

    /// <summary>How many publishes failed.</summary>
    public int Failed => Volatile.Read(ref _failed);

    public static async Task<FrontTraffic> StartAsync(GatewayProcess gateway, ApacheTopic topic)
    {
        MosquittoSubscription device = await Mosquitto.SubscribeAsync(gateway, $"{topic.Name}/#", "-q", "1", "-V", "5");
        var traffic = new FrontTraffic(gateway, topic.Name, device);
        traffic._receiving = traffic.ReceiveAsync(topic.Group);
        traffic._publishing = Task.WhenAll(traffic.PublishByHttpAsync(), traffic.PublishByHttpAsync(), traffic.PublishByMqttAsync());
        return traffic;
    }

    /// <summary>Waits until so many more were acknowledged.</summary>
    public async Task MoreAsync(int more, string when)
    {
        int goal = _acknowledged.Count + more;
        await Eventually.True(() => _publishing.IsCompleted || _acknowledged.Count >= goal, $"{more} publishes more were acknowledged {when}", ApacheTopic.Patience);
        Assert.False(_publishing.IsFaulted, _publishing.Exception?.ToString());
    }

    /// <summary>Ends the publishers, and waits until the group and the device have everything that was acknowledged.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _publishing.Within("the publishers ended", ApacheTopic.Patience);
        await Eventually.True(() => _receiving.IsCompleted || _acknowledged.Keys.All(_received.ContainsKey), "the group received everything that was acknowledged", TimeSpan.FromMinutes(2));
        await _stopReceiving.CancelAsync();
        await _receiving.Within("the group ended", ApacheTopic.Patience);
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
                return !_acknowledged.Keys.Except(_device.Messages.Select(message => message.Body)).Any();
            },
            "the device got everything that was acknowledged",
            ApacheTopic.Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _stopReceiving.CancelAsync();
        await _publishing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _device.DisposeAsync();
        _http.Dispose();
        _stop.Dispose();
        _stopReceiving.Dispose();
    }

    private string Next() => $"{Interlocked.Increment(ref _last)}";

    private async Task PublishByHttpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            string body = Next();
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            using HttpResponseMessage response = await _http.PostAsync(new Uri($"v1/topics/{_topic}/messages?tag=by-http", UriKind.Relative), content);
            if (response.IsSuccessStatusCode)
            {
                _acknowledged[body] = true;
            }
            else
            {
                Interlocked.Increment(ref _failed);
                string problem = await response.Content.ReadAsStringAsync();
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                Assert.True((int)response.StatusCode is 503 or 504 or 502 or 429, $"{(int)response.StatusCode} {problem}");
                if (JsonNode.Parse(problem)!["mayHaveHappened"] is null)
                {
                    _unstored[body] = problem;
                }
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>A publish that fails ends the connection of an MQTT 3.1.1 client: it comes again.</summary>
    private async Task PublishByMqttAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using RawMqtt mqtt = await RawMqtt.ConnectAsync(_gateway.Ports.Mqtt, "publisher");
            try
            {
                while (!_stop.IsCancellationRequested)
                {
                    string body = Next();
                    await mqtt.PublishAsync($"{_topic}/by-mqtt", body).WaitAsync(Answer);
                    _acknowledged[body] = true;
                    await Task.Delay(Pause, TimeProvider.System);
                }
            }
            catch (IOException)
            {
                Interlocked.Increment(ref _failed);
            }
        }
    }

    private async Task ReceiveAsync(string group)
    {
        while (!_stopReceiving.IsCancellationRequested)
        {
            using HttpResponseMessage response = await _http.PostAsync(new Uri($"v1/topics/{_topic}/groups/{group}/receive?max=32&wait=1s", UriKind.Relative), null);
            if (!response.IsSuccessStatusCode)
            {
                // The brokers are away: a receive may say so, and the next one finds them.
                await Task.Delay(Pause, TimeProvider.System);
                continue;
            }

            JsonArray messages = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["messages"]!.AsArray();
            if (messages.Count == 0)
            {
                continue;
            }

            string receipts = new JsonObject { ["receipts"] = new JsonArray([.. messages.Select(message => JsonValue.Create((string)message!["receipt"]!))]) }.ToJsonString();
            using var content = new StringContent(receipts, Encoding.UTF8, "application/json");
            using HttpResponseMessage settled = await _http.PostAsync(new Uri("v1/receipts/ack", UriKind.Relative), content);
            foreach (JsonNode? message in messages)
            {
                _received[(string)message!["body"]!] = true;
            }
        }
    }
}
