using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// Connects to name servers and brokers: one connection per address ("host:port"), made when first needed and again when lost.
/// An address that could not be reached is left alone for a while that grows with each failure; meanwhile requests fail at once.
/// </summary>
public sealed class RemotingClient : IAsyncDisposable
{
    private readonly RemotingClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RequestRoutes _routes;
    private readonly IConnectionObserver? _observer;
    private readonly ConcurrentDictionary<string, ClientEndpoint> _endpoints = new();
    private volatile bool _closed;

    /// <summary>Makes a client; <paramref name="routes"/> serve the requests that servers send to it.</summary>
    public RemotingClient(
        RemotingClientOptions options, TimeProvider time, ILogger logger, RequestRoutes? routes = null, IConnectionObserver? observer = null)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _routes = routes ?? new RequestRoutes();
        _observer = observer;
    }

    /// <summary>The live connection to an address, made if there is none.</summary>
    /// <exception cref="RemotingConnectionException">It cannot be reached, or was not a moment ago.</exception>
    public ValueTask<RemotingConnection> ConnectAsync(string address, CancellationToken cancellationToken = default) =>
        ConnectAsync(address, urgent: false, cancellationToken);

    /// <summary>The live connection to an address, made if there is none; an urgent one waits no longer than the shortest back-off after a failure.</summary>
    /// <exception cref="RemotingConnectionException">It cannot be reached, or was not a moment ago.</exception>
    public ValueTask<RemotingConnection> ConnectAsync(string address, bool urgent, CancellationToken cancellationToken)
    {
        var endpoint = Find(address);
        return endpoint.Current is { } live
            ? new ValueTask<RemotingConnection>(live)
            : new ValueTask<RemotingConnection>(endpoint.ConnectAsync(urgent, cancellationToken));
    }

    /// <summary>Whether there is a live connection to an address.</summary>
    public bool IsConnected(string address) => _endpoints.TryGetValue(address, out var endpoint) && endpoint.Current is not null;

    /// <summary>Sends a request to an address and waits for its answer, which the caller disposes.</summary>
    /// <exception cref="RemotingTimeoutException">No answer in time.</exception>
    /// <exception cref="RemotingConnectionException">There is no connection, or it ended before the answer.</exception>
    public ValueTask<RemotingResponse> InvokeAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken = default)
        where THeader : struct, IHeaderWriter =>
        // Nearly always there is a connection: then nothing is left to wait for here.
        _endpoints.TryGetValue(address, out var endpoint) && endpoint.Current is { } live
            ? live.InvokeAsync(code, header, body, timeout, cancellationToken)
            : ConnectAndInvokeAsync(address, code, header, body, timeout, cancellationToken);

    /// <summary>Sends a request that gets no answer.</summary>
    /// <exception cref="RemotingConnectionException">There is no connection, or it takes nothing.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendOneWayAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body = default, CancellationToken cancellationToken = default)
        where THeader : struct, IHeaderWriter
    {
        var connection = await ConnectAsync(address, cancellationToken);
        if (!connection.TrySendOneWay(code, header, body))
            throw new RemotingConnectionException($"the connection to {address} takes nothing", maybeSent: false);
    }

    /// <summary>Forgets an address and ends its connection: a broker that no route names any more.</summary>
    public async ValueTask ForgetAsync(string address)
    {
        if (_endpoints.TryRemove(address, out var endpoint))
            await endpoint.CloseAsync();
    }

    /// <summary>Closes all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        foreach (var endpoint in _endpoints.Values)
            await endpoint.CloseAsync();
    }

    private async ValueTask<RemotingResponse> ConnectAndInvokeAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        var connection = await ConnectAsync(address, cancellationToken);
        return await connection.InvokeAsync(code, header, body, timeout, cancellationToken);
    }

    private ClientEndpoint Find(string address)
    {
        if (_endpoints.TryGetValue(address, out var known))
            return known;
        if (_closed)
            throw new RemotingConnectionException("the client is closed", maybeSent: false);
        if (!RemotingAddress.TryParse(address, out var endPoint))
            throw new RemotingConnectionException($"'{address}' is not an address", maybeSent: false);
        if (_endpoints.Count >= _options.MaxAddresses)
            throw new RemotingConnectionException($"{_options.MaxAddresses} addresses are in use already", maybeSent: false);
        return _endpoints.GetOrAdd(
            address, new ClientEndpoint(address, endPoint, _options, _routes, _time, _logger, _observer));
    }
}
