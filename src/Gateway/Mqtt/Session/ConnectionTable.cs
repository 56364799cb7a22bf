using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>All connections, and who has which client identifier. One timer looks at everybody's deadlines.</summary>
public sealed class ConnectionTable : IHostedService, IDisposable
{
    /// <summary>How long a connection that is taken over has to read why.</summary>
    private static readonly TimeSpan TakeOverPatience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<MqttConnection> _connections = [];
    private readonly ConcurrentDictionary<string, MqttConnection> _clients = new(StringComparer.Ordinal);
    private readonly MqttOptions _options;
    private readonly TimeProvider _clock;
    private ITimer? _timer;

    public ConnectionTable(IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock)
    {
        _options = options.Value;
        _clock = clock;
        metrics.Meter.CreateObservableUpDownCounter("mqtt.connections", () => Count, "{connection}", "Network connections");
        metrics.Meter.CreateObservableUpDownCounter("mqtt.publishes.inflight", () => Sum(c => c.Publishes.Count), "{message}", "PUBLISHes on their way to the log");
        metrics.Meter.CreateObservableUpDownCounter("mqtt.exchanges.inbound", () => Sum(c => c.Inbound.Count), "{message}", "QoS 2 PUBLISHes that wait for their PUBREL");
        metrics.Meter.CreateObservableUpDownCounter("mqtt.deliveries.inflight", () => Sum(c => c.Session?.Deliveries.InFlight ?? 0), "{message}", "Deliveries that wait for their PUBACK or PUBCOMP");
        metrics.Meter.CreateObservableUpDownCounter("mqtt.deliveries.queued", () => Sum(c => c.Session?.Deliveries.Count ?? 0), "{message}", "Deliveries that wait to be written");
    }

    /// <summary>How many connections there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _connections.Count;
        }
    }

    /// <summary>Clients that are connected.</summary>
    public int Clients => _clients.Count;

    /// <summary>Enters a connection; false when the table is full.</summary>
    public bool TryAdd(MqttConnection connection)
    {
        lock (_gate)
        {
            if (_connections.Count >= _options.MaximumConnections)
                return false;
            connection.TableIndex = _connections.Count;
            _connections.Add(connection);
            return true;
        }
    }

    /// <summary>Forgets a connection that has ended.</summary>
    public void Remove(MqttConnection connection)
    {
        if (connection.ClaimedClientId is { } clientId)
            _clients.TryRemove(KeyValuePair.Create(clientId, connection));
        lock (_gate)
        {
            MqttConnection last = _connections[^1];
            _connections[connection.TableIndex] = last;
            last.TableIndex = connection.TableIndex;
            _connections.RemoveAt(_connections.Count - 1);
        }
    }

    /// <summary>
    /// Gives a client identifier to a connection; whoever had it is disconnected [MQTT-3.1.4-3], and has ended when this
    /// completes: what it had of the session is saved.
    /// </summary>
    public async ValueTask ClaimAsync(string clientId, MqttConnection connection)
    {
        MqttConnection? before = null;
        connection.ClaimedClientId = clientId;
        _clients.AddOrUpdate(
            clientId,
            connection,
            (_, present) =>
            {
                before = present;
                return connection;
            });
        if (before is null)
            return;
        connection.Before = before;
        before.Close(new ProtocolError(ReasonCode.SessionTakenOver, "another connection has the same client identifier"));
        try
        {
            await before.Ended.WaitAsync(TakeOverPatience, _clock, connection.Ending).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It does not read its DISCONNECT.
            before.Abort();
            await before.Ended.WaitAsync(connection.Ending).ConfigureAwait(false);
        }

        connection.Before = null;
    }

    /// <summary>Closes the connection of a client, if it has one here; whether it had.</summary>
    public bool Close(string clientId, ProtocolError why) => _clients.TryGetValue(clientId, out MqttConnection? connection) && connection.Close(why);

    /// <summary>Closes the connection of a client, if it has one here; complete when what it had of the session is saved.</summary>
    public async ValueTask CloseAsync(string clientId, ProtocolError why, CancellationToken cancellationToken)
    {
        if (!_clients.TryGetValue(clientId, out MqttConnection? connection))
            return;
        connection.Close(why);
        try
        {
            await connection.Ended.WaitAsync(TakeOverPatience, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It does not read its DISCONNECT.
            connection.Abort();
            await connection.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The clients that are connected and were accepted, in no order.</summary>
    public IEnumerable<MqttConnection> Accepted() => _clients.Values.Where(connection => connection.Session is not null);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = _clock.CreateTimer(_ => CheckDeadlines(), null, _options.DeadlineResolution, _options.DeadlineResolution);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        MqttConnection[] connections = Copy();
        foreach (MqttConnection connection in connections)
            connection.CloseForShutdown();
        try
        {
            // What they save, the bridge must take before it closes.
            await Task.WhenAll(connections.Select(connection => connection.Ended)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            foreach (MqttConnection connection in connections)
                connection.Abort();
        }

        _timer?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void CheckDeadlines()
    {
        long now = _clock.GetTimestamp();
        foreach (MqttConnection connection in Copy())
            connection.CheckDeadlines(now);
    }

    private long Sum(Func<MqttConnection, int> value) => Copy().Sum(connection => (long)value(connection));

    private MqttConnection[] Copy()
    {
        lock (_gate)
            return [.. _connections];
    }
}
