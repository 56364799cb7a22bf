using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>Runs the remoting protocol on the connections that Kestrel accepts.</summary>
public sealed class NameServerConnectionHandler(
    RouteTable routes,
    ConfigTable config,
    LiveSettings settings,
    IOptions<NameServerOptions> options,
    TimeProvider time,
    ILogger<NameServerConnectionHandler> logger,
    IHostApplicationLifetime lifetime) : ConnectionHandler
{
    private readonly RequestRoutes _requests = NameServerRoutes.Create(routes, config, settings, options, time, logger);
    private readonly BrokerConnectionObserver _observer = new(routes);
    private readonly AnswerBudget _answers = new(options.Value.Connection.MaxQueuedAnswerBytes);
    private int _connections;

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var count = Interlocked.Increment(ref _connections);
        try
        {
            if (count > options.Value.MaxConnections)
            {
                NameServerMetrics.RefusedConnections.Add(1);
                NameServerLog.TooManyConnections(logger, count - 1, connection.RemoteEndPoint);
                connection.Abort();
                return;
            }
            var remoting = new RemotingConnection(
                connection.Transport,
                _requests,
                options.Value.Connection,
                time,
                logger,
                connection.RemoteEndPoint,
                connection.LocalEndPoint,
                _observer,
                _answers);
            await remoting.RunAsync(lifetime.ApplicationStopping);
            // A peer that does not read would hold up an orderly close for ever.
            if (remoting.AbortReason is not null)
                connection.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }
}
