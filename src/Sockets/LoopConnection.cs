using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ProtoBridgeMQ.Sockets;

/// <summary>
/// One socket as two pipes. Bytes come in on the loop's thread, and whoever waits for them runs there; bytes go out on the
/// thread that flushes them, and on the loop's when the socket was full.
/// </summary>
/// <remarks>There may be very many that do nothing: what only some of them need is made when it is asked for.</remarks>
internal sealed class LoopConnection
    : ConnectionContext, IWatched, IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature, IConnectionLifetimeFeature, IConnectionLifetimeNotificationFeature, IConnectionEndPointFeature
{
    /// <summary>Reads of one arrival, before other sockets get their turn.</summary>
    private const int ReadsAtOnce = 8;

    private const uint Ends = Epoll.Error | Epoll.HangUp | Epoll.ReadHangUp;

    private readonly EventLoop _loop;
    private readonly LoopSocket _socket;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly WritableSignal _writable = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _gone;
    private Action? _onRoom;
    private LoopFeatures? _features;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private EndPoint? _remote;
    private ValueTaskAwaiter<FlushResult> _flush;
    private Task _sending = Task.CompletedTask;
    private int _slot;
    private int _disposed;
    private int _aborted;
    private bool _paused;
    private volatile bool _ended;

    public LoopConnection(LoopListener listener, EventLoop loop, LoopSocket socket, EndPoint? remote, string id)
    {
        Listener = listener;
        ConnectionId = id;
        _loop = loop;
        _socket = socket;
        _remote = remote;
        _input = new Pipe(listener.InputOptions);
        _output = new Pipe(listener.OutputOptions);
        Transport = new DuplexPipe(_input.Reader, _output.Writer);
    }

    /// <summary>What a connection says of itself, for whoever lists features.</summary>
    public static IReadOnlyList<Type> OwnFeatures { get; } =
    [
        typeof(IConnectionIdFeature), typeof(IConnectionItemsFeature), typeof(IConnectionTransportFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionLifetimeNotificationFeature), typeof(IConnectionEndPointFeature),
    ];

    /// <summary>Where it came in.</summary>
    public LoopListener Listener { get; }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features => _features ??= new LoopFeatures(this);

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= _socket.LocalAddress() ?? Listener.EndPoint;
        set => _local = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _remote;
        set => _remote = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => Gone().Token;
        set => throw new NotSupportedException("The socket says when the connection is closed.");
    }

    /// <summary>The listener wants its connections to end; not so where Kestrel has the say.</summary>
    public CancellationToken ConnectionClosedRequested
    {
        get => Listener.Stopping;
        set => throw new NotSupportedException("The listener says when connections are to end.");
    }

    /// <summary>Begins to read and to send.</summary>
    public void Start()
    {
        _sending = SendAsync();
        _slot = _loop.Add(this, _socket.File);
        LoopMetrics.Connections.Add(1);
    }

    /// <inheritdoc/>
    public void RequestClose() => Abort();

    /// <inheritdoc/>
    public void Fail() => Abort();

    /// <inheritdoc/>
    public void Do(LoopRequest request)
    {
        switch (request)
        {
            case LoopRequest.Receive:
                Resume();
                break;
            case LoopRequest.Serve:
                Listener.Serve(this);
                break;
            default:
                Close();
                break;
        }
    }

    /// <summary>The socket can be read or written, or has ended; on the loop's thread.</summary>
    public void OnReady(uint flags)
    {
        if ((flags & (Epoll.Out | Ends)) != 0)
            _writable.Set();
        if ((flags & (Epoll.In | Ends)) != 0 && !_paused && !_ended)
            Receive(toTheEnd: (flags & Ends) != 0);
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
            return;
        // Both loops see it as the peer's end and stop.
        _socket.ShutDown();
        _writable.Set();
    }

    /// <summary>Sends what was flushed, then closes.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _output.Writer.CompleteAsync();
            await _input.Reader.CompleteAsync();
            await _sending;
            _socket.ShutDown();
            _loop.Post(this, LoopRequest.Close);
        }

        await _closed.Task;
        await base.DisposeAsync();
    }

    /// <summary>There may be room for more, or there was more than one turn takes; on the loop's thread.</summary>
    private void Resume()
    {
        if (_ended || (_paused && !_flush.IsCompleted))
            return;
        if (_paused)
        {
            _paused = false;
            if (!Taken(_flush))
                return;
        }

        Receive(toTheEnd: true);
    }

    /// <summary>Stops watching and closes the socket; on the loop's thread.</summary>
    private void Close()
    {
        if (_closed.Task.IsCompleted)
            return;
        _loop.Remove(_slot, _socket.File);
        EndInput(null);
        _socket.Dispose();
        LoopMetrics.Connections.Add(-1);
        _closed.TrySetResult();
    }

    private void Receive(bool toTheEnd)
    {
        var room = _loop.Received;
        for (var turn = 0; turn < ReadsAtOnce; turn++)
        {
            var count = _socket.Receive(room);
            if (count == LoopSocket.WouldBlock)
                return;
            if (count <= 0)
            {
                EndInput(count == 0 ? null : Lost(count));
                return;
            }

            if (!Deliver(room.AsSpan(0, count)))
                return;
            // Less than there was room for is all there was: an edge comes with the next byte.
            if (count < room.Length && !toTheEnd)
                return;
        }

        _loop.Post(this, LoopRequest.Receive);
    }

    private bool Deliver(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_input.Writer.GetSpan(bytes.Length));
        _input.Writer.Advance(bytes.Length);
        LoopMetrics.Received.Add(bytes.Length);
#pragma warning disable CA2012 // Looked at once when complete, else attached to one continuation.
        var flush = _input.Writer.FlushAsync().GetAwaiter();
#pragma warning restore CA2012
        if (flush.IsCompleted)
            return Taken(flush);
        LoopMetrics.Pauses.Add(1);
        _flush = flush;
        _paused = true;
        flush.UnsafeOnCompleted(_onRoom ??= () => _loop.Post(this, LoopRequest.Receive));
        return false;
    }

    private bool Taken(ValueTaskAwaiter<FlushResult> flush)
    {
#pragma warning disable VSTHRD002 // Only called when the flush is complete.
        var result = flush.GetResult();
#pragma warning restore VSTHRD002
        if (result.IsCompleted || result.IsCanceled)
            EndInput(null);
        return !_ended;
    }

    private void EndInput(Exception? error)
    {
        if (_ended)
            return;
        _ended = true;
        _input.Writer.Complete(error);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _gone) is { } gone)
            Tell(gone);
    }

    /// <summary>Made when somebody asks: few do, and the end may be past already.</summary>
    private CancellationTokenSource Gone()
    {
        if (Volatile.Read(ref _gone) is { } present)
            return present;
        var made = new CancellationTokenSource();
        present = Interlocked.CompareExchange(ref _gone, made, null) ?? made;
        if (_ended)
            Tell(present);
        return present;
    }

    private static void Tell(CancellationTokenSource gone)
        => ThreadPool.UnsafeQueueUserWorkItem(static gone => gone.Cancel(), gone, preferLocal: false);

    private static ConnectionResetException Lost(int error)
        => new($"the connection was lost: {Marshal.GetPInvokeErrorMessage(-error)}");

    private async Task SendAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var result = await _output.Reader.ReadAsync();
                var unsent = result.Buffer;
                while (!unsent.IsEmpty)
                {
                    var count = TrySend(unsent);
                    if (count == 0)
                        await _writable.WaitAsync();
                    unsent = unsent.Slice(count);
                }

                _output.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }
        }
        catch (ConnectionResetException error)
        {
            failure = error;
        }

        await _output.Reader.CompleteAsync(failure);
        if (failure is not null)
            _socket.ShutDown();
    }

    /// <summary>Sends as much as the socket takes; 0 says that it is full, and that its signal tells when it is not.</summary>
    private int TrySend(in ReadOnlySequence<byte> bytes)
    {
        var count = _socket.Send(bytes);
        if (count == LoopSocket.WouldBlock)
        {
            // The edge may have come before the signal was ready for it: look once more.
            _writable.Reset();
            count = _socket.Send(bytes);
        }

        if (count == LoopSocket.WouldBlock)
            return 0;
        if (count < 0)
            throw Lost(count);
        LoopMetrics.Sent.Add(count);
        return count;
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
