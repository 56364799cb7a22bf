using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>
/// A client that keeps the rules of QoS 2 with few packet identifiers, and fronts that die under it: every round it finds
/// another front over the same log. A front that has died is left as it was.
/// </summary>
internal sealed class ExactlyOnceDevice(Random random) : IAsyncDisposable
{
    private const int Identifiers = 6;

    private readonly FakeLog _log = new();
    private readonly List<MqttHost> _dead = [];
    private readonly TaskCompletionSource _never = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Exchange> _open = [];
    private readonly DateTimeOffset _start = new ManualClock().GetUtcNow();
    private MqttHost? _host;
    private MqttWire? _wire;
    private int _unanswered;
    private int _rounds;

    private MqttHost Host => _host ?? throw new InvalidOperationException("No round has begun.");

    private MqttWire Wire => _wire ?? throw new InvalidOperationException("No round has begun.");

    /// <summary>Messages it began to publish.</summary>
    public int Sent { get; private set; }

    /// <summary>Finds a new front, goes on where it was, and leaves the front dead in the middle of something.</summary>
    public async Task RoundAsync()
    {
        await ConnectAsync();
        for (int steps = random.Next(40); steps > 0; steps--)
            await StepAsync();
        Host.Bridge.HoldPublishes = true;
        for (int steps = random.Next(5); steps > 0; steps--)
            await StepAsync(reads: false);
        await SettleAsync();
        for (int stored = random.Next(4); stored > 0; stored--)
            Host.Bridge.CompleteNext();
        Host.Bridge.StatePause = () => _never.Task;
        _dead.Add(Host);
    }

    /// <summary>Finishes what is open.</summary>
    public async Task FinishAsync()
    {
        await ConnectAsync();
        while (_unanswered > 0)
            await ReadAsync();
        Assert.Empty(_open);
        _dead.Add(Host);
    }

    /// <summary>The numbers of the messages in the log, in order.</summary>
    public async Task<List<int>> StoredAsync()
    {
        List<int> numbers = [];
        for (int topic = 0; topic < 3; topic++)
        {
            await Host.Bridge.LookBackAsync(new LookBack($"t{topic}", DateTimeOffset.MinValue, DateTimeOffset.MaxValue)
            {
                Show = properties =>
                {
                    numbers.Add(int.Parse(properties.GetString("n"u8)!, CultureInfo.InvariantCulture));
                    return true;
                },
            });
        }

        numbers.Sort();
        return numbers;
    }

    public async ValueTask DisposeAsync()
    {
        _never.TrySetException(new BridgeException(BridgeError.Unreachable, "The front is dead."));
        foreach (MqttHost host in _dead)
        {
            while (host.Bridge.FailHeld(BridgeError.Unsupported))
            {
            }

            await host.DisposeAsync();
        }
    }

    private async Task ConnectAsync()
    {
        _host = await MqttHost.StartAsync(log: _log, clock: new ManualClock(_start.AddMinutes(3 * _rounds++)));
        _wire = Host.Open();
        _unanswered = 0;
        await Wire.SendAsync(Packets.Resume("device", 5, 100_000));
        await Wire.ReadTextAsync();
        foreach (Exchange exchange in _open)
            await SendAsync(exchange, again: true);
    }

    private async Task StepAsync(bool reads = true)
    {
        if (random.Next(12) == 0)
            Host.Clock.Advance(TimeSpan.FromSeconds(random.Next(15)));
        if (_open.Count == Identifiers || (reads && _unanswered > 0 && random.Next(2) == 0))
        {
            if (reads)
                await ReadAsync();
            return;
        }

        ushort id = Enumerable.Range(1, Identifiers).Select(i => (ushort)i).First(i => _open.All(exchange => exchange.Id != i));
        var begun = new Exchange(id, ++Sent, random.Next(3));
        _open.Add(begun);
        await SendAsync(begun, again: false);
    }

    /// <summary>The front has handled everything that was sent; what it answered is lost.</summary>
    private async Task SettleAsync()
    {
        await Wire.SendHexAsync("C0 00");
        while (await Wire.ReadTextAsync() != "PINGRESP")
        {
        }
    }

    private async Task SendAsync(Exchange exchange, bool again)
    {
        _unanswered++;
        if (exchange.IsReleased)
        {
            await Wire.SendAsync(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = exchange.Id });
            return;
        }

        // The number goes along as a user property.
        byte[] number = Encoding.ASCII.GetBytes(exchange.Number.ToString(CultureInfo.InvariantCulture));
        await Wire.SendAsync(Packets.Publish($"t{exchange.Topic}/x", "x", qos: 2, id: exchange.Id, dup: again, properties: p => p.AddUser("n"u8, number)));
    }

    private async Task ReadAsync()
    {
        string answer = await Wire.ReadTextAsync();
        _unanswered--;
        string[] words = answer.Split(' ');
        Exchange exchange = _open.Single(open => words[1] == $"id={open.Id}");
        if (words[0] == "PUBREC")
        {
            Assert.Equal("reason=0", words[2]);
            exchange.IsReleased = true;
            await SendAsync(exchange, again: false);
            return;
        }

        // The release may have been kept before the front died.
        Assert.Equal("PUBCOMP", words[0]);
        _open.Remove(exchange);
    }

    private sealed class Exchange(ushort id, int number, int topic)
    {
        public ushort Id => id;

        public int Number => number;

        public int Topic => topic;

        public bool IsReleased { get; set; }
    }
}
