using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Support.Cluster;

/// <summary>Name servers and brokers as processes of their own, which can be killed and started again on the same ports and data.</summary>
public sealed class ProcessCluster : IAsyncDisposable
{
    private static readonly TimeSpan Answers = TimeSpan.FromSeconds(3);

    private readonly TempDirectory _directory = new("processes");
    private readonly Node[] _nameServers;
    private readonly Node[] _brokers;

    private ProcessCluster(int nameServers, int brokers)
    {
        _nameServers = [.. Enumerable.Range(0, nameServers).Select(i => new Node($"namesrv-{i}", FreePorts.Next()))];
        _brokers = [.. Enumerable.Range(0, brokers).Select(i => new Node($"broker-{(char)('a' + i)}", FreePorts.Next()))];
        NameServers = string.Join(';', _nameServers.Select(node => node.Address));
    }

    /// <summary>All name servers, as a client wants them.</summary>
    public string NameServers { get; }

    /// <summary>How many brokers there are.</summary>
    public int Brokers => _brokers.Length;

    /// <summary>Starts all, and waits until every name server knows every broker.</summary>
    public static async Task<ProcessCluster> StartAsync(int nameServers, int brokers)
    {
        var cluster = new ProcessCluster(nameServers, brokers);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, nameServers).Select(cluster.RunNameServerAsync));
            await Task.WhenAll(Enumerable.Range(0, brokers).Select(cluster.StartBrokerAsync));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>kill -9 of a name server.</summary>
    public Task KillNameServerAsync(int index) => _nameServers[index].KillAsync();

    /// <summary>Starts a name server again, and waits until the brokers that run are registered there.</summary>
    public async Task StartNameServerAsync(int index)
    {
        await RunNameServerAsync(index);
        await RegisteredAsync();
    }

    /// <summary>kill -9 of a broker.</summary>
    public Task KillBrokerAsync(int index) => _brokers[index].KillAsync();

    /// <summary>Asks a broker to end, and waits for the end.</summary>
    public Task StopBrokerAsync(int index) => _brokers[index].StopAsync();

    /// <summary>Starts a broker, again or for the first time, and waits until it is registered at the name servers that run.</summary>
    public async Task StartBrokerAsync(int index)
    {
        Node broker = _brokers[index];
        string settings = _directory[$"{broker.Name}.json"];
        await File.WriteAllTextAsync(settings, $$"""{ "broker": { "commitLogFileSize": {{16 << 20}} } }""");
        await broker.RunAsync(
            BuiltProgram.Find("src/Broker"),
            ["--name", broker.Name, "--port", broker.Port, "--namesrv", NameServers, "--data", _directory[broker.Name], "--config", settings],
            _directory.Path,
            "ProtoBridgeMQ broker ");
        await RegisteredAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Node node in _brokers.Concat(_nameServers))
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
    }

    private Task RunNameServerAsync(int index)
    {
        Node node = _nameServers[index];
        return node.RunAsync(
            BuiltProgram.Find("src/NameServer"), ["--port", node.Port, "--data", _directory[node.Name]], _directory.Path, "ProtoBridgeMQ name server on ");
    }

    private async Task RegisteredAsync()
    {
        await using var client = new RemotingClient(new RemotingClientOptions(), TimeProvider.System, NullLogger.Instance);
        foreach (Node nameServer in _nameServers.Where(node => node.Runs))
        {
            await Eventually.TrueAsync(
                async () => await NamesAsync(client, nameServer) is { } names && _brokers.Where(broker => broker.Runs).All(broker => names.Contains(broker.Name)),
                $"all brokers that run are registered at {nameServer.Name}");
        }
    }

    private static async Task<HashSet<string>?> NamesAsync(RemotingClient client, Node nameServer)
    {
        try
        {
            using RemotingResponse answer = await client.InvokeAsync(nameServer.Address, RequestCode.GetBrokerClusterInfo, default(NoFields), default, Answers);
            return [.. LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.ClusterInfo).Brokers.Keys];
        }
        catch (RemotingException)
        {
            // It does not listen yet.
            return null;
        }
    }

    private sealed class Node(string name, int port) : IAsyncDisposable
    {
        private ChildProcess? _child;

        public string Name => name;

        public string Port { get; } = port.ToString(CultureInfo.InvariantCulture);

        public string Address => $"127.0.0.1:{Port}";

        public bool Runs => _child is { HasExited: false };

        public async Task RunAsync(string program, IEnumerable<string> arguments, string directory, string banner)
        {
            await DisposeAsync();
            _child = ChildProcess.Start("dotnet", [program, .. arguments], directory: directory);
            await _child.LineAsync(line => line.StartsWith(banner, StringComparison.Ordinal), "that it is ready");
        }

        public async Task KillAsync()
        {
            _child!.Kill();
            await _child.ExitAsync();
        }

        public async Task StopAsync()
        {
            _child!.Terminate();
            await _child.ExitAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_child is not null)
            {
                await _child.DisposeAsync();
                _child = null;
            }
        }
    }
}
