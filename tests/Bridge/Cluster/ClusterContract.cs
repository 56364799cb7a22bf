using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Bridge.Contract;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Cluster;

/// <summary>The cluster bridge over a name server and a broker on loopback. Leases go by the test's clock, the cluster by the system's.</summary>
public sealed class ClusterFixture : BridgeFixture
{
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private LocalCluster? _cluster;

    public override async Task StartAsync()
    {
        _cluster = await LocalCluster.StartAsync(options =>
        {
            options.TransactionTimeout = TimeSpan.FromSeconds(1);
            options.TransactionCheckInterval = TimeSpan.FromMilliseconds(500);
        });
        await OpenAsync();
    }

    public override async Task RestartAsync()
    {
        await Bridge.DisposeAsync();
        await _cluster!.StopBrokerAsync("broker-a");
        await _cluster.StartBrokerAsync("broker-a");
        await OpenAsync();
    }

    public override Task LetPassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await Bridge.DisposeAsync();
        await _cluster!.DisposeAsync();
    }

    public override async Task<IMessageBridge> OpenAnotherAsync()
        => await ClusterBridge.OpenAsync(
            new ClusterOptions { NameServers = _cluster!.NameServers, TopicInterval = TimeSpan.FromMilliseconds(100) },
            _clock,
            NullLoggerFactory.Instance);

    private async Task OpenAsync() => Bridge = await OpenAnotherAsync();
}

public sealed class ClusterPublishContract : PublishContract<ClusterFixture>;

public sealed class ClusterTailContract : TailContract<ClusterFixture>;

public sealed class ClusterGroupContract : GroupContract<ClusterFixture>;

public sealed class ClusterStateContract : StateContract<ClusterFixture>;

public sealed class ClusterFilterQueueContract : FilterQueueContract<ClusterFixture>;

public sealed class ClusterTopicContract : TopicContract<ClusterFixture>;

public sealed class ClusterReaderContract : ReaderContract<ClusterFixture>;

public sealed class ClusterExchangeContract : ExchangeContract<ClusterFixture>;

public sealed class ClusterRetainedContract : RetainedContract<ClusterFixture>;

public sealed class ClusterAdministrationContract : AdministrationContract<ClusterFixture>;
