using System.IO.Pipelines;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>The MQTT front over a fake bridge, with a clock of its own and pipes instead of sockets.</summary>
public sealed class MqttHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IHostedService[] _hosted;
    private readonly MeterListener _meters = new();
    private readonly ErrorLog _errors = new();
    private readonly Dictionary<string, long> _counts = [];
    private int _connections;

    private MqttHost(Action<MqttOptions>? configure, FakeLog? log, ManualClock? clock, AccessControl? access, bool isShared)
    {
        Clock = clock ?? new ManualClock();
        Bridge = new FakeBridge(Clock, log) { HasFilterQueues = log is not null };
        Bridge.Capabilities = Bridge.Capabilities with { DurableState = log is not null, IsShared = isShared };
        var services = new ServiceCollection();
        services.AddSingleton<IMessageBridge>(Bridge);
        services.AddSingleton<TimeProvider>(Clock);
        if (access is not null)
            services.AddSingleton(access);
        services.AddLogging(logs => logs.AddProvider(_errors));
        services.AddMqttFront(options =>
        {
            // The clock stands still: nobody would be let go.
            options.DisconnectLinger = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        _services = services.BuildServiceProvider();
        _hosted = [.. _services.GetServices<IHostedService>()];
        Listen(_services.GetRequiredService<MqttMetrics>().Meter);
    }

    public ManualClock Clock { get; }

    public FakeBridge Bridge { get; }

    public NameMapping Mapping => _services.GetRequiredService<NameMapping>();

    /// <summary>What was logged as an error.</summary>
    public IReadOnlyCollection<string> Errors => _errors.Errors;

    public ISessionDirectory Sessions => _services.GetRequiredService<ISessionDirectory>();

    public ConnectionTable Connections => _services.GetRequiredService<ConnectionTable>();

    /// <summary>Starts a front.</summary>
    /// <param name="configure">Options.</param>
    /// <param name="log">What outlives the front; without one there are no queues of filters, and no session outlives its connection.</param>
    /// <param name="clock">For fronts that share one.</param>
    /// <param name="access">Access control; null for none.</param>
    /// <param name="isShared">Whether other fronts work on the log, too.</param>
    public static async Task<MqttHost> StartAsync(Action<MqttOptions>? configure = null, FakeLog? log = null, ManualClock? clock = null, AccessControl? access = null, bool isShared = false)
    {
        var host = new MqttHost(configure, log, clock, access, isShared);
        foreach (IHostedService hosted in host._hosted)
            await hosted.StartAsync(CancellationToken.None);
        return host;
    }

    /// <summary>What a counter of the front has counted, with its one tag: <c>mqtt.drops/expired</c>.</summary>
    public long Counted(string name)
    {
        lock (_counts)
            return _counts.GetValueOrDefault(name);
    }

    /// <summary>A network connection that has sent nothing yet.</summary>
    public MqttWire Open(int sendBuffer = 64 << 10)
    {
        var toServer = new Pipe(new PipeOptions(useSynchronizationContext: false, pauseWriterThreshold: 0));
        var toClient = new Pipe(new PipeOptions(useSynchronizationContext: false, pauseWriterThreshold: sendBuffer, resumeWriterThreshold: sendBuffer / 2));
        var wire = new MqttWire(toServer.Writer, toClient.Reader);
        wire.Served = _services.GetRequiredService<MqttFront>().ServeAsync(
            new ServerEnd(toServer.Reader, toClient.Writer), $"test-{++_connections}", null, wire.OnAborted, CancellationToken.None);
        return wire;
    }

    /// <summary>A client that is connected with 3.1.1.</summary>
    public async Task<MqttWire> Connect311Async(string clientId)
    {
        MqttWire wire = Open();
        await wire.SendAsync(Packets.Connect(clientId, 4));
        await wire.ExpectAsync("20 02 00 00");
        return wire;
    }

    /// <summary>A client that is connected with 5.</summary>
    public async Task<MqttWire> Connect5Async(string clientId, Action<Gateway.Mqtt.Codec.PropertyBlockWriter>? properties = null)
    {
        MqttWire wire = Open();
        await wire.SendAsync(Packets.Connect(clientId, 5, properties));
        Assert.StartsWith("CONNACK present=0 code=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    /// <summary>A client that connects without a clean start; the answer must begin so.</summary>
    public async Task<MqttWire> ResumeAsync(string clientId, int version, bool present, uint expiry = 3600, bool cleanStart = false, Action<Gateway.Mqtt.Codec.PropertyBlockWriter>? properties = null)
    {
        MqttWire wire = Open();
        await wire.SendAsync(Packets.Resume(clientId, version, expiry, cleanStart, properties));
        Assert.StartsWith($"CONNACK present={(present ? 1 : 0)} code=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHostedService hosted in _hosted.Reverse())
            await hosted.StopAsync(CancellationToken.None);
        _meters.Dispose();
        await _services.DisposeAsync();
    }

    private void Listen(Meter meter)
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (_counts)
            {
                string name = tags.Length == 0 ? instrument.Name : $"{instrument.Name}/{tags[0].Value}";
                _counts[name] = _counts.GetValueOrDefault(name) + value;
            }
        });
        _meters.Start();
    }

    private sealed record ServerEnd(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
