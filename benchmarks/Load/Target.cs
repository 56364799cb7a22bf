using System.Diagnostics;
using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Floor;
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

    /// <summary>Starts the floor: this program again.</summary>
    public static async Task<Target> FloorAsync()
    {
        GatewayPorts ports = GatewayPorts.Free();
        string[] arguments =
        [
            typeof(Target).Assembly.Location, "floor",
            .. new[] { ports.Broker, ports.Mqtt, ports.Http }.Select(port => port.ToString(CultureInfo.InvariantCulture)),
        ];
        ChildProcess child = ChildProcess.Start("dotnet", arguments);
        await child.LineAsync(line => line == FloorServer.Ready, "that it is ready");
        return new Target("floor", "none", child, child.Id, ports);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
