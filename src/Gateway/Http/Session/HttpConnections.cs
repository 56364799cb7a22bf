using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>The connections of the HTTP ports: as many as <see cref="ConnectionLimit"/> lets in.</summary>
internal sealed class HttpConnections(IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock) : IProtocolClients
{
    private readonly ConcurrentDictionary<string, HttpConnection> _connections = new(StringComparer.Ordinal);

    public string Protocol => "http";

    public long MessagesIn => metrics.Traffic.In;

    public long MessagesOut => metrics.Traffic.Out;

    public LatencyCounts PublishLatency => metrics.Traffic.Latency;

    public int Connections => _connections.Count;

    /// <summary>The limit of one endpoint.</summary>
    public ConnectionLimit OpenLimit() => new(options.Value.MaxConnections);

    /// <summary>Has a connection in the table while it runs.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var entry = new HttpConnection(connection, clock.GetUtcNow());
        _connections[connection.ConnectionId] = entry;
        connection.Features.Set(entry);
        // What a publish says of where it came from; one object for all requests of a connection.
        connection.Features.Set<IConnectionEndPointFeature>(entry);
        metrics.Connections.Add(1);
        try
        {
            await next(connection);
        }
        finally
        {
            metrics.Connections.Add(-1);
            _connections.TryRemove(connection.ConnectionId, out _);
        }
    }

    public ValueTask<IReadOnlyList<ClientState>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<ClientState>>(
            [.. _connections.Values.OrderBy(connection => connection.Id, StringComparer.Ordinal).Select(connection => connection.State)]);

    public ValueTask<bool> DisconnectAsync(string id, CancellationToken cancellationToken = default)
    {
        bool found = _connections.TryGetValue(id, out HttpConnection? connection);
        connection?.Close();
        return ValueTask.FromResult(found);
    }
}

/// <summary>One connection of an HTTP port; a feature of its requests.</summary>
internal sealed class HttpConnection(ConnectionContext connection, DateTimeOffset since) : IConnectionEndPointFeature
{
    private readonly string? _address = connection.RemoteEndPoint?.ToString();
    private volatile string? _user;
    private volatile string? _stream;

    public string Id => connection.ConnectionId;

    /// <inheritdoc/>
    public EndPoint? LocalEndPoint { get; set; } = connection.LocalEndPoint;

    /// <inheritdoc/>
    public EndPoint? RemoteEndPoint { get; set; } = connection.RemoteEndPoint;

    /// <summary>Who sent its last request, as far as access control knows.</summary>
    public string? User
    {
        set => _user = value;
    }

    /// <summary>The path of the stream that it serves now; null for none.</summary>
    public string? Stream
    {
        set => _stream = value;
    }

    public ClientState State
    {
        get
        {
            string? stream = _stream;
            var details = new Dictionary<string, string>(StringComparer.Ordinal);
            if (stream is not null)
                details["stream"] = stream;
            return new ClientState("http", Id, _address, _user, since, details, []);
        }
    }

    public void Close() => connection.Abort(new ConnectionAbortedException("An operator closed the connection."));
}
