using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Bridge.Contract;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Apache;

/// <summary>The cluster bridge over an Apache RocketMQ cluster that the environment names. A restart is the bridge's alone: the brokers are not ours.</summary>
internal sealed class ApacheFixture : BridgeFixture
{
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private readonly string _run = ApacheCluster.Name("c");

    /// <summary>A broker of 4 counts one redelivery more.</summary>
    public override int MaxAttempts => IsFour ? base.MaxAttempts - 1 : base.MaxAttempts;

    /// <summary>Whether the brokers are of RocketMQ 4.</summary>
    public bool IsFour { get; private set; }

    public override async Task StartAsync()
    {
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = ApacheCluster.NameServers });
        IsFour = await ApacheCluster.IsFourAsync(new AdminClient(connection));
        Bridge = await OpenAnotherAsync();
    }

    public override async Task RestartAsync()
    {
        await Bridge.DisposeAsync();
        Bridge = await OpenAnotherAsync();
    }

    public override Task LetPassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    public override string Name(string name) => $"{name}-{_run}";

    public override async Task<IMessageBridge> OpenAnotherAsync()
        => await ClusterBridge.OpenAsync(
            new ClusterOptions { NameServers = ApacheCluster.NameServers, TopicInterval = TimeSpan.FromMilliseconds(100) },
            _clock,
            NullLoggerFactory.Instance);

    public override ValueTask DisposeAsync() => Bridge.DisposeAsync();
}
