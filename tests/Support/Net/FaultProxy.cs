using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Tests.Support.Net;

/// <summary>What a <see cref="FaultProxy"/> does to what passes through it.</summary>
public enum Fault
{
    /// <summary>Nothing: bytes pass.</summary>
    None,

    /// <summary>Connections are reset, and new ones as soon as they come.</summary>
    Cut,

    /// <summary>Bytes pass a moment later.</summary>
    Delay,

    /// <summary>The server's side is ended: what the client sends passes, nothing comes back.</summary>
    HalfClose,

    /// <summary>Connections stay open, and nothing passes in either direction.</summary>
    BlackHole,

    /// <summary>The server's bytes are replaced by others.</summary>
    Garbage,
}

/// <summary>Stands between a client and a server on loopback, and does to their connections what networks do. Faults may change at any time.</summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private static readonly TimeSpan Lag = TimeSpan.FromMilliseconds(150);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Random _random;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly Task _accepting;
    private volatile Fault _fault;

    /// <summary>Begins to listen.</summary>
    /// <param name="target">The server, <c>host:port</c>.</param>
    /// <param name="seed">Of the garbage.</param>
    public FaultProxy(string target, int seed)
    {
        _target = IPEndPoint.Parse(target);
#pragma warning disable RS0030, CA5394 // The seed is the caller's, who prints it.
        _random = new Random(seed);
#pragma warning restore RS0030, CA5394
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect to, <c>host:port</c>.</summary>
    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>What happens to connections from now on, those that are open among them.</summary>
    public Fault Fault
    {
        get => _fault;
        set
        {
            _fault = value;
            if (value == Fault.Cut)
            {
                foreach (Socket socket in _sockets.Keys)
                {
                    Reset(socket);
                }
            }
        }
    }

    /// <summary>Connections that are open.</summary>
    public int Open => _sockets.Count / 2;

    /// <summary>Connections that were accepted.</summary>
    public int Accepted { get; private set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        foreach (Socket socket in _sockets.Keys)
        {
            socket.Dispose();
        }

        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It ended by itself in the same moment.
        }

        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client = await _listener.AcceptSocketAsync(_stopped.Token).ConfigureAwait(false);
            Accepted++;
            if (_fault == Fault.Cut)
            {
                Reset(client);
                continue;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        _sockets[client] = true;
        _sockets[server] = true;
        if (_fault == Fault.Cut)
        {
            // Set after the connection was accepted, and perhaps before it was listed.
            Reset(client);
        }

        try
        {
            await server.ConnectAsync(_target, _stopped.Token).ConfigureAwait(false);
            await Task.WhenAny(CopyAsync(client, server, fromServer: false), CopyAsync(server, client, fromServer: true)).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server is away, or the proxy ends: so does the connection.
        }
        finally
        {
            _sockets.TryRemove(client, out _);
            _sockets.TryRemove(server, out _);
            client.Dispose();
            server.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool fromServer)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, _stopped.Token).ConfigureAwait(false)) > 0)
            {
                Memory<byte> bytes = buffer.AsMemory(0, read);
                if (await PassesAsync(bytes, to, fromServer).ConfigureAwait(false))
                {
                    await to.SendAsync(bytes, _stopped.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone: the connection ends.
        }
    }

    private async ValueTask<bool> PassesAsync(Memory<byte> bytes, Socket to, bool fromServer)
    {
        switch (_fault)
        {
            case Fault.BlackHole:
                return false;
            case Fault.Delay:
                await Task.Delay(Lag, TimeProvider.System, _stopped.Token).ConfigureAwait(false);
                return true;
            case Fault.HalfClose when fromServer:
                to.Shutdown(SocketShutdown.Send);
                return false;
            case Fault.Garbage when fromServer:
                lock (_random)
                {
#pragma warning disable CA5394 // Nothing secret: repeatable nonsense.
                    _random.NextBytes(bytes.Span);
#pragma warning restore CA5394
                }

                return true;
            default:
                return true;
        }
    }
}
