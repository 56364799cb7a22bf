using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Cluster;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Bridge.Cluster;

/// <summary>What is beyond the contract: a cluster that is not there, and several gateways.</summary>
public sealed class ClusterOutage
{
    [Fact]
    public async Task Without_a_name_server_the_bridge_does_not_open_and_says_why()
    {
        var failure = await Assert.ThrowsAsync<BridgeException>(() => OpenAsync($"127.0.0.1:{FreePorts.Next()}"));
        Assert.Equal(BridgeError.Unreachable, failure.Error);
        Assert.Contains("no connection to", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_that_one_gateway_writes_another_one_reads()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using ClusterBridge first = await OpenAsync(cluster.NameServers);
        await using ClusterBridge second = await OpenAsync(cluster.NameServers);
        await first.State.PutAsync("s", "k", "one"u8.ToArray());
        await SeesAsync(second, "one");
        await second.State.PutAsync("s", "k", "two"u8.ToArray());
        await SeesAsync(first, "two");
        await first.State.DeleteAsync("s", "k");
        await SeesAsync(second, null);
    }

    private static async Task SeesAsync(ClusterBridge bridge, string? expected)
    {
        long start = TimeProvider.System.GetTimestamp();
        string? seen;
        do
        {
            seen = await bridge.State.GetAsync("s", "k") is { } value ? Encoding.UTF8.GetString(value.Span) : null;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
        while (seen != expected && TimeProvider.System.GetElapsedTime(start) < Waiting.Patience);

        Assert.Equal(expected, seen);
    }

    private static Task<ClusterBridge> OpenAsync(string nameServers)
        => ClusterBridge.OpenAsync(
            new ClusterOptions { NameServers = nameServers, TopicInterval = TimeSpan.FromMilliseconds(100), RetryPause = TimeSpan.FromMilliseconds(100) },
            TimeProvider.System,
            NullLoggerFactory.Instance).Within("bridge opened");
}
