using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Hosting;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Support.Cluster;

/// <summary>A name server and brokers inside the test process, on loopback, over real sockets and files.</summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("cluster");
    private readonly Dictionary<string, (WebApplication App, int Port)> _brokers = new(StringComparer.Ordinal);
    private readonly Action<BrokerOptions> _configure;
    private readonly SignatureGate? _gate;
    private readonly int _nameServerPort = FreePorts.Next();
    private WebApplication? _nameServer;

    private LocalCluster(Action<BrokerOptions>? configure, SignatureGate? gate)
    {
        _configure = configure ?? (_ => { });
        _gate = gate;
    }

    /// <summary>Address of the name server.</summary>
    public string NameServers => $"127.0.0.1:{_nameServerPort}";

    /// <summary>Starts a name server and the brokers, and waits until they are registered.</summary>
    public static async Task<LocalCluster> StartAsync(Action<BrokerOptions>? configure = null, params string[] brokers)
    {
        var cluster = new LocalCluster(configure, null);
        await cluster.StartAsync(brokers);
        return cluster;
    }

    /// <summary>The same, with brokers that serve signed requests alone.</summary>
    public static async Task<LocalCluster> StartGuardedAsync(SignatureGate gate, params string[] brokers)
    {
        var cluster = new LocalCluster(null, gate);
        await cluster.StartAsync(brokers);
        return cluster;
    }

    private async Task StartAsync(string[] brokers)
    {
        await StartNameServerAsync();
        foreach (string broker in brokers.Length == 0 ? ["broker-a"] : brokers)
        {
            await StartBrokerAsync(broker);
        }
    }

    /// <summary>Starts the name server, on the same port as before.</summary>
    public async Task StartNameServerAsync()
    {
        WebApplicationBuilder builder = NewBuilder();
        builder.Services.AddNameServer();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _nameServerPort, static endpoint => endpoint.UseNameServer()));
        _nameServer = builder.Build();
        await _nameServer.StartAsync();
    }

    /// <summary>Stops the name server.</summary>
    public async Task StopNameServerAsync()
    {
        if (_nameServer is not null)
        {
            await _nameServer.StopAsync();
            await _nameServer.DisposeAsync();
            _nameServer = null;
        }
    }

    /// <summary>Starts a broker, with the port and data that it had before, and waits until it is registered.</summary>
    public async Task StartBrokerAsync(string name)
    {
        int port = _brokers.TryGetValue(name, out (WebApplication App, int Port) before) ? before.Port : FreePorts.Next();
        WebApplicationBuilder builder = NewBuilder();
        builder.Services.AddBroker(options =>
        {
            options.Name = name;
            options.Port = port;
            options.NameServers = NameServers;
            options.DataDirectory = Path.Combine(_directory.Path, name);
            options.CommitLogFileSize = 16 << 20;
            _configure(options);
        });
        builder.WebHost.UseLowLatencySockets();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, endpoint =>
        {
            if (_gate is not null)
            {
                endpoint.Use(_gate.InFrontOf);
            }

            endpoint.UseBroker();
        }));
        WebApplication app = builder.Build();
        await app.StartAsync();
        _brokers[name] = (app, port);
        if (_nameServer?.Services.GetRequiredService<RouteTable>() is { } routes)
        {
            await Eventually.True(() => routes.GetClusterInfo().Brokers.ContainsKey(name), $"broker {name} is registered");
        }
    }

    /// <summary>The core of a running broker, for a gateway in the same process.</summary>
    public IBrokerCore CoreOf(string name) => _brokers[name].App.Services.GetRequiredService<IBrokerCore>();

    /// <summary>Stops a broker cleanly.</summary>
    public async Task StopBrokerAsync(string name)
    {
        WebApplication app = _brokers[name].App;
        using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await app.StopAsync(hurry.Token);
        await app.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (string name in _brokers.Keys)
        {
            try
            {
                await StopBrokerAsync(name);
            }
            catch (ObjectDisposedException)
            {
                // Stopped by the test.
            }
        }

        await StopNameServerAsync();
        _directory.Dispose();
    }

    private static WebApplicationBuilder NewBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        return builder;
    }
}
