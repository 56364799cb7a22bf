using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>Tells brokers that another of their set has the lowest id (905), on connections of its own; nobody waits for that.</summary>
internal sealed class MinBrokerIdNotices(
    RouteTable routes, IOptions<NameServerOptions> options, TimeProvider time, ILogger<MinBrokerIdNotices> logger) : BackgroundService
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    private readonly Channel<MinBrokerIdChange> _changes = Channel.CreateBounded<MinBrokerIdChange>(
        new BoundedChannelOptions(options.Value.MaxBrokers) { FullMode = BoundedChannelFullMode.DropOldest });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var client = new RemotingClient(
            new RemotingClientOptions { ConnectTimeout = ConnectTimeout, MaxAddresses = options.Value.MaxBrokers }, time, logger);
        routes.MinBrokerIdChanged += Enqueue;
        try
        {
            await foreach (var change in _changes.Reader.ReadAllAsync(stoppingToken))
                await Task.WhenAll(change.Recipients.Select(address => TellAsync(client, address, change, stoppingToken)));
        }
        finally
        {
            routes.MinBrokerIdChanged -= Enqueue;
        }
    }

    private void Enqueue(MinBrokerIdChange change) => _changes.Writer.TryWrite(change);

    private async Task TellAsync(RemotingClient client, string address, MinBrokerIdChange change, CancellationToken cancellationToken)
    {
        var header = new NotifyMinBrokerIdChangeRequestHeader
        {
            MinBrokerId = change.MinId,
            BrokerName = change.BrokerName,
            MinBrokerAddress = change.MinAddress,
            OfflineBrokerAddress = change.OfflineAddress,
            HaBrokerAddress = change.HaAddress,
        };
        try
        {
            await client.SendOneWayAsync(address, RequestCode.NotifyMinBrokerIdChange, header, default, cancellationToken);
            NameServerMetrics.Notices.Add(1);
        }
        catch (Exception error) when (error is RemotingException or IOException)
        {
            await client.ForgetAsync(address);
            NameServerLog.NotTold(logger, address, change.BrokerName, error.Message);
        }
    }
}
