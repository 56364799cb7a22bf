using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Processes;

/// <summary>
/// Two name servers and two brokers as processes, and one bridge in front of them for all tests of the collection, which lives through
/// what happens to them: every few tests a process is killed and comes back.
/// </summary>
public sealed class SharedProcesses : IAsyncLifetime
{
    /// <summary>Tests that a name server is away for, and that it is there for before the other one goes.</summary>
    private const int NameServerEvery = 5;

    /// <summary>Tests between two deaths of a broker.</summary>
    private const int BrokerEvery = 14;

    private int _tests;
    private int? _absent;

    /// <summary>The collection's, which runs alone.</summary>
    public static SharedProcesses Current { get; private set; } = null!;

    /// <summary>The processes.</summary>
    public ProcessCluster Cluster { get; private set; } = null!;

    /// <summary>The bridge.</summary>
    public ClusterBridge Bridge { get; private set; } = null!;

    /// <summary>Leases go by it.</summary>
    public ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public async Task InitializeAsync()
    {
        Cluster = await ProcessCluster.StartAsync(nameServers: 2, brokers: 2);
        Bridge = await OpenAsync();
        Current = this;
    }

    public async Task DisposeAsync()
    {
        await Bridge.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    /// <summary>Another gateway's bridge to the same brokers.</summary>
    public Task<ClusterBridge> OpenAsync() => ClusterBridge.OpenAsync(
        new ClusterOptions
        {
            NameServers = Cluster.NameServers,
            TopicInterval = TimeSpan.FromMilliseconds(100),
            RetryPause = TimeSpan.FromMilliseconds(100),
            RouteRefreshInterval = TimeSpan.FromMilliseconds(500),
        },
        Clock,
        NullLoggerFactory.Instance).AsTask().Within("the bridge opened");

    /// <summary>Before each test: perhaps something dies, or comes back.</summary>
    public async Task NextTestAsync()
    {
        _tests++;
        if (_tests % NameServerEvery == 0)
        {
            await SwapNameServersAsync();
        }

        if (_tests % BrokerEvery == 0)
        {
            int broker = _tests / BrokerEvery % Cluster.Brokers;
            await Cluster.KillBrokerAsync(broker);
            await Cluster.StartBrokerAsync(broker);
        }
    }

    /// <summary>The bridge is closed, every broker ends and starts again, and another bridge is opened.</summary>
    public async Task RestartAsync()
    {
        await Bridge.DisposeAsync();
        for (int i = 0; i < Cluster.Brokers; i++)
        {
            await Cluster.StopBrokerAsync(i);
            await Cluster.StartBrokerAsync(i);
        }

        Bridge = await OpenAsync();
    }

    /// <summary>All processes run.</summary>
    public async Task MendAsync()
    {
        if (_absent is { } absent)
        {
            await Cluster.StartNameServerAsync(absent);
            _absent = null;
        }
    }

    private async Task SwapNameServersAsync()
    {
        if (_absent is not null)
        {
            await MendAsync();
            return;
        }

        int next = _tests / NameServerEvery / 2 % 2;
        await Cluster.KillNameServerAsync(next);
        _absent = next;
    }
}

/// <summary>One after the other, as they share the processes.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessCollection : ICollectionFixture<SharedProcesses>
{
    public const string Name = "A cluster of processes";
}
