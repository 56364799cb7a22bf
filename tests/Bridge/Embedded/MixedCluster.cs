using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>A broker, a gateway in its process, and native members over sockets, all of one group.</summary>
internal sealed class MixedCluster : IAsyncDisposable
{
    private const string Topic = "mixed";
    private const string Group = "mixed-group";
    private const int Queues = 8;
    private const int MaxNatives = 3;
    private const int MaxStreams = 3;
    private const int MaxClients = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LocalCluster _cluster;
    private readonly IBrokerCore _core;
    private readonly Producer _producer;
    private readonly List<NativeWorker> _natives = [];
    private readonly List<GatewayWorker> _streams = [];
    private readonly List<MqttWorker> _clients = [];
    private readonly Random _seeds;
    private EmbeddedBridge? _bridge;
    private MqttFrontOfTest? _mqtt;
    private int _lastClient;

    private MixedCluster(LocalCluster cluster, int seed)
    {
        _cluster = cluster;
        _core = cluster.CoreOf("broker-a");
        _producer = new Producer(new ProducerOptions { Client = new ClientOptions { NameServers = cluster.NameServers } });
        _seeds = new Random(seed);
    }

    public Handlings Handlings { get; } = new();

    /// <summary>Whether everybody refuses the first delivery of every message.</summary>
    public bool RefuseAtFirst { get; set; }

    public static async Task<MixedCluster> StartAsync(int seed)
    {
        LocalCluster local = await LocalCluster.StartAsync(options => options.MessageDelayLevel = "1s");
        var cluster = new MixedCluster(local, seed);
        Assert.Equal(SendStatusOk, cluster._core.Topics.Put(new BrokerTopic { Name = Topic, ReadQueues = Queues, WriteQueues = Queues }));
        await cluster._producer.StartAsync();
        return cluster;
    }

    private static Broker.Core.SendStatus SendStatusOk => Broker.Core.SendStatus.Ok;

    /// <summary>Sends the messages of a round.</summary>
    public async Task SendAsync(int round, int count)
    {
        for (int i = 0; i < count; i++)
        {
            string body = Handlings.Body(round, i);
            Handlings.Expect(body);
            await _producer.SendAsync(new Message(Topic, Encoding.UTF8.GetBytes(body)));
        }
    }

    /// <summary>
    /// Round 0 gives the group progress in every queue by a native member, which begins at the first message. An MQTT
    /// client begins a group that has none at the end of the topic, and what was sent before it came would be nobody's.
    /// </summary>
    public async Task BeginAsync(int count)
    {
        await JoinNativeAsync();
        await SendAsync(0, count);
        await SettledAsync(0);
        Handlings.Close(0);
    }

    /// <summary>Somebody joins, leaves or dies.</summary>
    public Task ChangeAsync(Random random) => random.Next(8) switch
    {
        0 or 1 => _natives.Count < MaxNatives ? JoinNativeAsync() : LeaveNativeAsync(random, kill: false),
        2 => _natives.Count > 0 ? LeaveNativeAsync(random, kill: false) : JoinNativeAsync(),
        3 => _natives.Count > 0 ? LeaveNativeAsync(random, kill: true) : JoinNativeAsync(),
        4 => _streams.Count < MaxStreams ? OpenStreamAsync() : CloseStreamAsync(random),
        5 => _clients.Count < MaxClients ? ConnectMqttAsync() : BreakMqttAsync(random),
        6 => _clients.Count > 0 ? BreakMqttAsync(random) : ConnectMqttAsync(),
        _ => _streams.Count > 0 ? CloseStreamAsync(random) : OpenStreamAsync(),
    };

    /// <summary>A group that nobody reads gets nowhere.</summary>
    public Task JoinWhenEmptyAsync() => _natives.Count + _streams.Count + _clients.Count == 0 ? JoinNativeAsync() : Task.CompletedTask;

    public async Task JoinNativeAsync()
    {
        var native = new NativeWorker(this, _cluster.NameServers, Group, _seeds.Next());
        _natives.Add(native);
        await native.StartAsync(Topic).Within("a native member joined", Patience);
    }

    /// <summary>An MQTT client joins by a shared subscription.</summary>
    public async Task ConnectMqttAsync()
    {
        EmbeddedBridge bridge = await OpenBridgeAsync();
        _mqtt ??= await MqttFrontOfTest.StartAsync(bridge);
        string clientId = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"device-{++_lastClient}");
        _clients.Add(await MqttWorker.JoinAsync(this, _mqtt.Front, clientId, $"$share/{Group}/{Topic}/#", _seeds.Next()).Within("an MQTT client joined", Patience));
    }

    public async Task OpenStreamAsync()
    {
        EmbeddedBridge bridge = await OpenBridgeAsync();
        IMessageStream stream = await bridge.SubscribeAsync(new SubscribeRequest
        {
            Kind = StreamKind.Group,
            Topics = TopicSelection.Of(Topic),
            Group = Group,
            Start = GroupStart.Earliest,
            Lease = TimeSpan.FromMinutes(10),
        }).AsTask().Within("the gateway joined", Patience);
        _streams.Add(new GatewayWorker(this, stream, _seeds.Next()));
    }

    /// <summary>Waits until the queues are shared out, the round's messages are handled, and progress says so.</summary>
    public async Task SettledAsync(int round)
    {
        await Eventually.True(IsSharedOut, $"queues are shared out in round {round}", Patience);
        await Eventually.True(() => Handlings.IsDone(round), $"messages of round {round} were handled", Patience);
        await Eventually.True(
            () => Enumerable.Range(0, Queues).All(queue => Math.Max(0, _core.Offsets.Query(Group, Topic, queue)) == _core.Offsets.Max(Topic, queue)),
            $"progress covers round {round}",
            Patience);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NativeWorker native in _natives)
        {
            await native.DisposeAsync();
        }

        foreach (GatewayWorker stream in _streams)
        {
            await stream.DisposeAsync();
        }

        foreach (MqttWorker client in _clients)
        {
            await client.DisposeAsync();
        }

        _streams.Clear();
        _clients.Clear();
        await LeaveWhenUnusedAsync();

        await _producer.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private static EmbeddedOptions Options() => new()
    {
        Groups =
        {
            CommitInterval = TimeSpan.FromMilliseconds(50),
            LeaseCheckInterval = TimeSpan.FromMilliseconds(20),
            HandoverPause = TimeSpan.FromMilliseconds(100),
            RetryPause = TimeSpan.FromMilliseconds(100),
        },
    };

    private async Task LeaveNativeAsync(Random random, bool kill)
    {
        int which = random.Next(_natives.Count);
        NativeWorker native = _natives[which];
        _natives.RemoveAt(which);
        await (kill ? native.KillAsync() : native.DisposeAsync().AsTask()).Within("a native member left", Patience);
    }

    /// <summary>With its last stream the gateway leaves the group, at once and not after the idle time.</summary>
    private async Task CloseStreamAsync(Random random)
    {
        int which = random.Next(_streams.Count);
        GatewayWorker stream = _streams[which];
        _streams.RemoveAt(which);
        await stream.DisposeAsync().AsTask().Within("a stream left", Patience);
        await LeaveWhenUnusedAsync();
    }

    private async Task BreakMqttAsync(Random random)
    {
        int which = random.Next(_clients.Count);
        MqttWorker client = _clients[which];
        _clients.RemoveAt(which);
        await client.DisposeAsync().AsTask().Within("an MQTT client's connection ended", Patience);
        await LeaveWhenUnusedAsync();
    }

    private async Task<EmbeddedBridge> OpenBridgeAsync()
        => _bridge ??= await EmbeddedBridge.OpenAsync(_core, Options(), TimeProvider.System, NullLoggerFactory.Instance);

    private async Task LeaveWhenUnusedAsync()
    {
        if (_bridge is null || _streams.Count + _clients.Count > 0)
        {
            return;
        }

        if (_mqtt is not null)
        {
            await _mqtt.DisposeAsync().AsTask().Within("the MQTT front stopped", Patience);
            _mqtt = null;
        }

        await _bridge.DisposeAsync().AsTask().Within("the gateway left", Patience);
        _bridge = null;
    }

    /// <summary>RocketMQ's algorithm, once more: sorted members, each a run of neighbours.</summary>
    private bool IsSharedOut()
    {
        IReadOnlyList<string> members = _core.Groups.ClientIds(Group);
        if (members.Count != _natives.Count + (_bridge is null ? 0 : 1))
        {
            return false;
        }

        (int each, int more) = Math.DivRem(Queues, members.Count);
        return _natives.TrueForAll(native =>
        {
            int index = members.ToList().IndexOf(native.ClientId);
            IEnumerable<int> wanted = Enumerable.Range((index * each) + Math.Min(index, more), each + (index < more ? 1 : 0));
            return index >= 0 && native.QueuesOf(Topic).SequenceEqual(wanted);
        });
    }
}
