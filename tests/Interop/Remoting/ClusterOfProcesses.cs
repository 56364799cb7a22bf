using System.Globalization;
using System.Text.Json;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>Two name servers and two brokers, each the built program in a process of its own.</summary>
internal sealed class ClusterOfProcesses : IAsyncDisposable
{
    private const int RouteOfTopic = 105;

    private readonly TempDirectory _directory = new("processes");
    private readonly Dictionary<string, ChildProcess> _running = new(StringComparer.Ordinal);

    public int[] NameServers { get; } = [FreePorts.Next(), FreePorts.Next()];

    public int[] Brokers { get; } = [FreePorts.Next(), FreePorts.Next()];

    public string Addresses => string.Join(';', NameServers.Select(static port => $"127.0.0.1:{port}"));

    public static async Task<ClusterOfProcesses> StartAsync()
    {
        var cluster = new ClusterOfProcesses();
        await Task.WhenAll(cluster.StartNameServerAsync(0), cluster.StartNameServerAsync(1), cluster.StartBrokerAsync(0), cluster.StartBrokerAsync(1));
        return cluster;
    }

    public Task StartNameServerAsync(int number) => StartAsync(
        "NameServer", $"n{number}", "--port", Text(NameServers[number]), "--data", _directory[$"n{number}"]);

    public Task StartBrokerAsync(int number) => StartAsync(
        "Broker", $"b{number}", "--port", Text(Brokers[number]), "--name", $"broker-{number}", "--namesrv", Addresses, "--data", _directory[$"b{number}"]);

    /// <summary>kill -9.</summary>
    public async Task KillAsync(string name)
    {
        _running[name].Kill();
        await _running[name].ExitAsync();
        await _running[name].DisposeAsync();
    }

    /// <summary>Asks it to end, and waits for the end.</summary>
    public async Task<int> StopAsync(string name)
    {
        _running[name].Terminate();
        return await _running[name].ExitAsync();
    }

    /// <summary>Waits until a name server names these brokers for a topic, and no others.</summary>
    public async Task RouteAsync(int nameServer, string topic, params string[] brokers)
    {
        string wanted = string.Join(',', brokers);
        string last = "";
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        do
        {
            Assert.False(patience.IsCancellationRequested, $"name server {nameServer} names '{last}' for {topic}, not '{wanted}'");
            last = await BrokersAsync(nameServer, topic);
        }
        while (last != wanted && await poll.WaitForNextTickAsync(CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in _running.Values)
        {
            await process.DisposeAsync();
        }

        _directory.Dispose();
    }

    private async Task<string> BrokersAsync(int nameServer, string topic)
    {
        using RawRemoting remoting = await RawRemoting.ConnectAsync(NameServers[nameServer]);
        RawAnswer answer = await remoting.AskAsync(RouteOfTopic, [("topic", topic), ("acceptStandardJsonOnly", "true")]);
        if (answer.Code != 0)
        {
            return "";
        }

        using JsonDocument route = JsonDocument.Parse(answer.Body);
        return string.Join(',', route.RootElement.GetProperty("brokerDatas").EnumerateArray().Select(static broker => broker.GetProperty("brokerName").GetString()).Order(StringComparer.Ordinal));
    }

    private async Task StartAsync(string project, string name, params string[] arguments)
    {
        string program = GatewayProgram.Path.Replace("Gateway", project, StringComparison.Ordinal);
        ChildProcess process = ChildProcess.Start("dotnet", [program, .. arguments], null, _directory.Path);
        lock (_running)
        {
            _running[name] = process;
        }

        await process.LineAsync(static line => line.StartsWith("ProtoBridgeMQ ", StringComparison.Ordinal), $"that {name} runs", TimeSpan.FromSeconds(60));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
