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

    /// <summary>gateway or floor.</summary>
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

    /// <summary>Starts the gateway.</summary>
    public static async Task<Target> GatewayAsync(string flush)
    {
        GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Arguments = ["--flush", flush] });
        return new Target("gateway", flush, gateway, gateway.Id, gateway.Ports);
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
