using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Handlers;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Hosting;

/// <summary>Serves remoting connections that Kestrel accepts.</summary>
public sealed partial class BrokerConnectionHandler : ConnectionHandler
{
    private readonly RequestRoutes _routes;
    private readonly IConnectionObserver _observer;
    private readonly RemotingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<BrokerConnectionHandler> _logger;
    private readonly AnswerBudget _answers;
    private readonly int _limit;
    private int _open;

    /// <summary>For the broker of the process.</summary>
    public BrokerConnectionHandler(BrokerCore core, IOptions<BrokerOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        _routes = BrokerRoutes.Of(core, time, loggers);
        _observer = BrokerRoutes.Observer(core);
        _options = options.Value.Remoting;
        _time = time;
        _logger = loggers.CreateLogger<BrokerConnectionHandler>();
        _answers = new AnswerBudget(_options.MaxQueuedAnswerBytes);
        core.Metrics.Observe("broker.answers.queued", "Bytes of answers that peers leave untaken", () => _answers.Bytes);
        _limit = options.Value.MaxConnections;
    }

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (Interlocked.Increment(ref _open) > _limit)
        {
            Interlocked.Decrement(ref _open);
            LogRefused(_logger, connection.RemoteEndPoint, _limit);
            return;
        }

        try
        {
            var remoting = new RemotingConnection(
                connection.Transport, _routes, _options, _time, _logger, connection.RemoteEndPoint, connection.LocalEndPoint, _observer, _answers);
            await remoting.RunAsync(connection.ConnectionClosed);

            // A peer that does not read would hold up an orderly close for ever.
            if (remoting.AbortReason is not null)
            {
                connection.Abort();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    [LoggerMessage(EventId = 4010, Level = LogLevel.Warning, Message = "Connection from {Peer} closed: {Limit} are open, as many as may be")]
    private static partial void LogRefused(ILogger logger, System.Net.EndPoint? peer, int limit);
}
