using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>One address of a <see cref="RemotingClient"/>: its connection, or when it may be tried again.</summary>
internal sealed class ClientEndpoint(
    string address,
    EndPoint endPoint,
    RemotingClientOptions options,
    RequestRoutes routes,
    TimeProvider time,
    ILogger logger,
    IConnectionObserver? observer)
{
    private static readonly KeyValuePair<string, object?> Made = new("outcome", "made");
    private static readonly KeyValuePair<string, object?> Failed = new("outcome", "failed");

    private readonly Lock _lock = new();
    private RemotingConnection? _connection;
    private long _connectedAt;
    private int _silent;
    private Task<RemotingConnection>? _connecting;
    private Task _running = Task.CompletedTask;
    private int _failures;
    private long _lastFailure;
    private string? _lastError;
    private double _spread = 1;
    private bool _closed;

    /// <summary>The live connection, if there is one.</summary>
    public RemotingConnection? Current
    {
        get
        {
            var connection = Volatile.Read(ref _connection);
            return connection is { AbortReason: null } && !connection.Closed.IsCancellationRequested ? connection : null;
        }
    }

    /// <summary>Connects, or joins an attempt that is under way.</summary>
    public async Task<RemotingConnection> ConnectAsync(bool urgent, CancellationToken cancellationToken)
    {
        Task<RemotingConnection> connecting;
        lock (_lock)
        {
            if (Current is { } live)
                return live;
            if (_closed)
                throw new RemotingConnectionException("the client is closed", maybeSent: false);
            if (_connecting is null)
            {
                JudgeLast();
                RefuseDuringBackOff(urgent);
                _connecting = OpenAsync();
            }
            connecting = _connecting;
        }
        return await connecting.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the connection and refuses further ones.</summary>
    public async Task CloseAsync()
    {
        Task<RemotingConnection>? connecting;
        lock (_lock)
        {
            _closed = true;
            connecting = _connecting;
        }
        if (connecting is not null)
            await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Read(ref _connection)?.Abort("the client is closed");
        await _running;
    }

    /// <summary>
    /// A server that ends two connections in a row before it says anything (a proxy whose server is away) is left alone as one
    /// that cannot be reached; one that spoke, or did it once, may be connected to again at once.
    /// </summary>
    private void JudgeLast()
    {
        if (_connection is not { } last)
            return;
        _connection = null;
        _silent = last.HasHeard ? 0 : _silent + 1;
        if (_silent > 1)
            NoteFailure("it ended the connection before it said anything", _connectedAt);
        else
            _failures = 0;
    }

    private void NoteFailure(string reason, long when)
    {
        _failures++;
        _lastFailure = when;
        _lastError = reason;
        // The clients of a server that comes back must not all try at the same moment.
        _spread = RandomNumberGenerator.GetInt32(750, 1001) / 1000.0;
    }

    private void RefuseDuringBackOff(bool urgent)
    {
        if (_failures == 0)
            return;
        var wait = options.MinBackOff * Math.Pow(2, urgent ? 0 : Math.Min(_failures - 1, 16));
        wait = wait < options.MaxBackOff ? wait : options.MaxBackOff;
        if (time.GetElapsedTime(_lastFailure) < wait * _spread)
            throw new RemotingConnectionException($"{address} could not be reached a moment ago: {_lastError}", maybeSent: false);
    }

    private async Task<RemotingConnection> OpenAsync()
    {
        // Off the caller's lock: a name lookup may block.
        await Task.Yield();
        Socket? socket = null;
        try
        {
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
            await socket.ConnectAsync(endPoint, timeout.Token);
            RemotingMetrics.Connects.Add(1, Made);
            return Attach(socket);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or IOException)
        {
            socket?.Dispose();
            RemotingMetrics.Connects.Add(1, Failed);
            NoteNotConnected(error.Message);
            throw new RemotingConnectionException($"{address} cannot be reached: {error.Message}", maybeSent: false, error);
        }
    }

    // Not in the catch block itself: the trimmer would take the release of the lock away there (docs/adr/0046).
    private void NoteNotConnected(string error)
    {
        lock (_lock)
        {
            NoteFailure(error, time.GetTimestamp());
            _connecting = null;
        }
    }

    private RemotingConnection Attach(Socket socket)
    {
        var pipe = new SocketDuplexPipe(socket);
        var connection = new RemotingConnection(
            pipe, routes, options.Connection, time, logger, socket.RemoteEndPoint, socket.LocalEndPoint, observer);
        lock (_lock)
        {
            _connecting = null;
            _connection = connection;
            _connectedAt = time.GetTimestamp();
            _running = RunAsync(connection, pipe);
        }
        return connection;
    }

    private static async Task RunAsync(RemotingConnection connection, SocketDuplexPipe pipe)
    {
        await Task.Yield();
        try
        {
            await connection.RunAsync();
        }
        finally
        {
            await pipe.DisposeAsync();
        }
    }
}
