using System.Net;
using System.Net.Sockets;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>A remoting server on a loopback port whose answers a test scripts, request code by request code.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly RequestRoutes _routes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<RemotingConnection, Socket> _connections = new();
    private readonly ConcurrentQueue<int> _seen = new();
    private readonly Task _accepting;

    public ScriptedServer(params (int Code, Action<RemotingRequest> Answer)[] answers)
        : this(0, answers)
    {
    }

    public ScriptedServer(int port, params (int Code, Action<RemotingRequest> Answer)[] answers)
    {
        foreach ((int code, Action<RemotingRequest> answer) in answers)
        {
            _routes.Add(code, new Script(_seen, answer, _stop.Token));
        }

        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The version that its answers name: RocketMQ's ordinal, of 5.3.3 unless a test says otherwise.</summary>
    public int Version { get; init; } = 479;

    /// <summary>What its answers say that it is written in: Java, as Apache's brokers are, only where a test says so.</summary>
    public LanguageCode Language { get; init; } = LanguageCode.DotNet;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The codes of the requests so far, in order.</summary>
    public IReadOnlyCollection<int> Seen => _seen;

    /// <summary>Live connections, to send requests the other way.</summary>
    public ICollection<RemotingConnection> Connections => _connections.Keys;

    public int Count(int code) => _seen.Count(seen => seen == code);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (Socket socket in _connections.Values)
        {
            socket.Dispose();
        }

        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
            _ = ServeAsync(socket);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var pipe = new StreamPipe(stream);
        var connection = new RemotingConnection(
            pipe, _routes, new RemotingOptions { Version = Version, Language = Language }, TimeProvider.System, NullLogger.Instance, socket.RemoteEndPoint, socket.LocalEndPoint);
        _connections[connection] = socket;
        try
        {
            await connection.RunAsync(_stop.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The test ends, or the client went away.
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }

    private sealed class StreamPipe(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));

        public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    private sealed class Script(ConcurrentQueue<int> seen, Action<RemotingRequest> answer, CancellationToken stop) : IRequestHandler
    {
        public async ValueTask HandleAsync(RemotingRequest request)
        {
            seen.Enqueue(request.Code);
            answer(request);
            while (!request.IsOneWay && !request.IsAnswered)
            {
                // Answered later, or never: an ended handler without an answer would be given one.
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, stop);
            }
        }
    }
}
