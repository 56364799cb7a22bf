using System.Diagnostics;
using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Floor;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Benchmarks.Load;

/// <summary>A server under load: a process of its own, with the ports that matter here.</summary>
internal sealed class Target : IAsyncDisposable
{
    private readonly IAsyncDisposable _process;
    private readonly int _id;

    private Target(string name, string flush, IAsyncDisposable process, int id, GatewayPorts ports)
    {
        Name = name;
        Flush = flush;
        _process = process;
        _id = id;
        Ports = ports;
    }

    /// <summary>gateway, floor or mosquitto.</summary>
    public string Name { get; }

    /// <summary>When it acknowledges.</summary>
    public string Flush { get; }

    /// <summary>Where it listens; the floor echoes frames on the broker's port.</summary>
    public GatewayPorts Ports { get; }

    /// <summary>Whether it keeps nothing.</summary>
    public bool IsFloor => Name == "floor";

    /// <summary>Processor time so far, in seconds.</summary>
    public double CpuSeconds
    {
        get
        {
            using var process = Process.GetProcessById(_id);
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Resident anonymous memory in bytes: what it allocated, without mapped files.</summary>
    public long Memory
    {
        get
        {
            string line = File.ReadLines($"/proc/{_id}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
            return long.Parse(line.AsSpan(8).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>Starts the gateway.</summary>
    /// <param name="flush">fsync or async.</param>
    /// <param name="configuration">What stands in <c>gateway.json</c>; null for nothing.</param>
    public static async Task<Target> GatewayAsync(string flush, string? configuration = null)
    {
        GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Arguments = ["--flush", flush], Configuration = configuration });
        return new Target("gateway", flush, gateway, gateway.Id, gateway.Ports);
    }

    /// <summary>Starts mosquitto, which keeps nothing on disk and whose queues and windows have no limit.</summary>
    /// <param name="program">The program.</param>
    public static async Task<Target> MosquittoAsync(string program)
    {
        GatewayPorts ports = GatewayPorts.Free();
        var files = new TempDirectory("mosquitto");
        await File.WriteAllTextAsync(files["mosquitto.conf"], $"""
            listener {Text(ports.Mqtt)} 127.0.0.1
            allow_anonymous true
            persistence false
            max_queued_messages 0
            max_queued_bytes 0
            max_inflight_messages 0
            set_tcp_nodelay true
            connection_messages false

            """);
        ChildProcess child = ChildProcess.Start(program, ["-c", files["mosquitto.conf"]]);
        await child.LineAsync(line => line.EndsWith("running", StringComparison.Ordinal), "that it is running");
        return new Target("mosquitto", "none", new Ending(child, files), child.Id, ports);
    }

    /// <summary>Starts a broker alone, with asynchronous flush, for so many topics.</summary>
    public static async Task<Target> BrokerAsync(int nameServer, int maxTopics)
    {
        GatewayPorts ports = GatewayPorts.Free();
        var data = new TempDirectory("load");
        string config = data["config.json"];
        await File.WriteAllTextAsync(config, $"{{\"broker\":{{\"maxTopics\":{maxTopics}}}}}");
        ChildProcess child = ChildProcess.Start("dotnet",
        [
            Path.Combine(Path.GetDirectoryName(GatewayProgram.Path)!, "ProtoBridgeMQ.Broker.dll"),
            "--port", Text(ports.Broker), "--namesrv", $"127.0.0.1:{Text(nameServer)}", "--data", data["data"], "--flush", "async", "--config", config,
        ]);
        await child.LineAsync(line => line.StartsWith("ProtoBridgeMQ broker", StringComparison.Ordinal), "that it is ready");
        return new Target("broker", "async", new Ending(child, data), child.Id, ports);
    }

    /// <summary>Starts the floor: this program again.</summary>
    public static async Task<Target> FloorAsync()
    {
        GatewayPorts ports = GatewayPorts.Free();
        string[] arguments =
        [
            typeof(Target).Assembly.Location, "floor",
            .. new[] { ports.Broker, ports.Mqtt, ports.Http }.Select(Text),
        ];
        ChildProcess child = ChildProcess.Start("dotnet", arguments);
        await child.LineAsync(line => line == FloorServer.Ready, "that it is ready");
        return new Target("floor", "none", child, child.Id, ports);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>A process and its directory.</summary>
    private sealed class Ending(ChildProcess process, TempDirectory data) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await process.DisposeAsync();
            data.Dispose();
        }
    }
}
