using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Sockets;

/// <summary>
/// Accepts connections on a loop's thread and deals them out to the loops. They are served there from the first moment on
/// where the address says how, and handed to Kestrel otherwise.
/// </summary>
internal sealed class LoopListener : IConnectionListener, IWatched
{
    /// <summary>Connections of one turn, before the sockets of others get theirs.</summary>
    private const int AcceptsAtOnce = 64;

    private static readonly TimeSpan PauseWithoutHandles = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PatienceAfterAbort = TimeSpan.FromSeconds(1);
    private static long _connections;

    private readonly Channel<LoopConnection> _forKestrel = Channel.CreateUnbounded<LoopConnection>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Socket _socket;
    private readonly EventLoop[] _loops;
    private readonly EventLoop _home;
    private readonly ConnectionDelegate? _serve;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _firstReservedFile;
    private readonly int _slot;
    private long _warned;
    private int _unbound;
    private int _served = 1;
    private volatile bool _pausing;

    public LoopListener(Socket socket, EventLoop[] loops, LoopOptions options, ConnectionDelegate? serve, TimeProvider time, ILogger logger)
    {
        _socket = socket;
        _loops = loops;
        _home = loops[0];
        _serve = serve;
        _time = time;
        _logger = logger;
        EndPoint = socket.LocalEndPoint!;
        InputOptions = OptionsOf(options.MaxUnreadBytes);
        OutputOptions = OptionsOf(options.MaxUnsentBytes);
        Stopping = _stopping.Token;
        var most = LoopSocket.MostFiles();
        _firstReservedFile = most - Math.Min(options.ReservedFiles, most / 2);
        // What is accepted inherits it.
        socket.NoDelay = true;
        socket.Blocking = false;
        _slot = _home.Add(this, (int)socket.Handle);
    }

    public EndPoint EndPoint { get; }

    /// <summary>For bytes that come in.</summary>
    public PipeOptions InputOptions { get; }

    /// <summary>For bytes that go out.</summary>
    public PipeOptions OutputOptions { get; }

    /// <summary>Cancelled when connections that are served here are to end.</summary>
    public CancellationToken Stopping { get; }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _forKestrel.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_forKestrel.Reader.TryRead(out var connection))
                return connection;
        }

        return null;
    }

    /// <summary>Stops accepting. Connections that are served here are asked to end, waited for, and aborted when the wait is cancelled.</summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _unbound, 1) != 0)
            return;
        _home.Post(this, LoopRequest.Close);
        await _closed.Task;
        await _stopping.CancelAsync();
        Ended();
        try
        {
            await _allEnded.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            foreach (var loop in _loops)
                loop.AbortAll(this);
            await _allEnded.Task.WaitAsync(PatienceAfterAbort, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _stopping.Dispose();
    }

    /// <summary>A connection begins; on its loop's thread.</summary>
    public void Serve(LoopConnection connection) => _ = ServeAsync(connection);

    /// <inheritdoc/>
    public void OnReady(uint events) => AcceptSome();

    /// <inheritdoc/>
    public void Do(LoopRequest request)
    {
        if (request == LoopRequest.Close)
            Close();
        else
            AcceptSome();
    }

    /// <inheritdoc/>
    public void Fail() => _ = PauseAsync();

    // Everything runs where it becomes possible: no queue between the socket and the protocol. Memory is taken when
    // there are bytes, so a connection that waits holds none.
    private static PipeOptions OptionsOf(int pause) => new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: pause,
        resumeWriterThreshold: pause / 2,
        useSynchronizationContext: false);

    private void AcceptSome()
    {
        if (_closed.Task.IsCompleted)
            return;
        for (var turn = 0; turn < AcceptsAtOnce && !_pausing; turn++)
        {
            if (LoopSocket.Accept(_socket.SafeHandle, out var peer, out var error) is { } accepted)
            {
                // The system gives the lowest number that is free: it tells how many are in use.
                if (accepted.File < _firstReservedFile)
                    Begin(accepted, peer);
                else
                    Refuse(accepted);
                continue;
            }

            if (error == -LoopSocket.WouldBlock)
                return;
            NotAccepted(error);
        }

        if (!_pausing)
            _home.Post(this, LoopRequest.Receive);
    }

    /// <summary>The peer went before it was accepted, or there are no file handles for the moment.</summary>
    private void NotAccepted(int error)
    {
        var reason = Marshal.GetPInvokeErrorMessage(error);
        LoopMetrics.AcceptFailures.Add(1);
        if (LoopSocket.IsOfPeer(error))
        {
            LoopLog.NotAccepted(_logger, reason);
            return;
        }

        Warn(reason);
        _ = PauseAsync();
    }

    private void Refuse(LoopSocket accepted)
    {
        accepted.Dispose();
        LoopMetrics.AcceptFailures.Add(1);
        Warn("the files that are left are kept for the log (sockets.reservedFiles)");
    }

    private void Warn(string reason)
    {
        if (_warned != 0 && _time.GetElapsedTime(_warned) < WarningInterval)
            return;
        _warned = _time.GetTimestamp();
        LoopLog.NoFiles(_logger, EndPoint, reason);
    }

    private void Begin(LoopSocket accepted, IPEndPoint? peer)
    {
        try
        {
            var number = Interlocked.Increment(ref _connections);
            var loop = _loops[number % _loops.Length];
            var connection = new LoopConnection(this, loop, accepted, peer, $"L{number:x}");
            connection.Start();
            LoopMetrics.Accepted.Add(1);
            if (_serve is null)
            {
                _forKestrel.Writer.TryWrite(connection);
                return;
            }

            Interlocked.Increment(ref _served);
            if (loop == _home)
                Serve(connection);
            else
                loop.Post(connection, LoopRequest.Serve);
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    private async Task ServeAsync(LoopConnection connection)
    {
        try
        {
            await _serve!(connection);
        }
        catch (Exception error)
        {
            LoopLog.ConnectionFailed(_logger, error);
        }

        await connection.DisposeAsync();
        Ended();
    }

    private void Ended()
    {
        if (Interlocked.Decrement(ref _served) == 0)
            _allEnded.TrySetResult();
    }

    private async Task PauseAsync()
    {
        _pausing = true;
        await Task.Delay(PauseWithoutHandles, _time);
        _pausing = false;
        _home.Post(this, LoopRequest.Receive);
    }

    private void Close()
    {
        if (_closed.Task.IsCompleted)
            return;
        _home.Remove(_slot, (int)_socket.Handle);
        _socket.Dispose();
        _forKestrel.Writer.TryComplete();
        _closed.TrySetResult();
    }
}
