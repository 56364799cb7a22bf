using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace ProtoBridgeMQ.Sockets;

/// <summary>
/// One socket as two pipes. Bytes come in on the loop's thread, and whoever waits for them runs there; bytes go out on the
/// thread that flushes them, and on the loop's when the socket was full.
/// </summary>
internal sealed class LoopConnection : DefaultConnectionContext
{
    /// <summary>Reads of one arrival, before other sockets get their turn.</summary>
    private const int ReadsAtOnce = 8;

    /// <summary>Pieces handed to the system in one call.</summary>
    private const int MaxGather = 64;

    private const uint Ends = Epoll.Error | Epoll.HangUp | Epoll.ReadHangUp;

    private readonly EventLoop _loop;
    private readonly Socket _socket;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly WritableSignal _writable = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _onRoom;
    private readonly int _file;
    private List<ArraySegment<byte>>? _pieces;
    private ValueTaskAwaiter<FlushResult> _flush;
    private Task _sending = Task.CompletedTask;
    private int _slot;
    private int _disposed;
    private int _aborted;
    private bool _paused;
    private bool _ended;

    public LoopConnection(EventLoop loop, Socket socket, LoopOptions options, string id)
        : base(id)
    {
        _loop = loop;
        _socket = socket;
        _file = (int)socket.Handle;
        _input = new Pipe(OptionsOf(options.MaxUnreadBytes));
        _output = new Pipe(OptionsOf(options.MaxUnsentBytes));
        _onRoom = () => _loop.Post(this, LoopRequest.Receive);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Transport = new DuplexPipe(_input.Reader, _output.Writer);
        ConnectionClosed = _gone.Token;
    }

    /// <summary>Begins to read and to send.</summary>
    public void Start()
    {
        _sending = SendAsync();
        _slot = _loop.Add(this, _file);
        LoopMetrics.Connections.Add(1);
    }

    /// <summary>The socket can be read or written, or has ended; on the loop's thread.</summary>
    public void OnReady(uint flags)
    {
        if ((flags & (Epoll.Out | Ends)) != 0)
            _writable.Set();
        if ((flags & (Epoll.In | Ends)) != 0 && !_paused && !_ended)
            Receive(toTheEnd: (flags & Ends) != 0);
    }

    /// <summary>There may be room for more, or there was more than one turn takes; on the loop's thread.</summary>
    public void Resume()
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
    public void Close()
    {
        if (_closed.Task.IsCompleted)
            return;
        _loop.Remove(_slot, _file);
        EndInput(null);
        _socket.Dispose();
        LoopMetrics.Connections.Add(-1);
        _closed.TrySetResult();
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
            return;
        // Both loops see it as the peer's end and stop.
        ShutDown();
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
            ShutDown();
            _loop.Post(this, LoopRequest.Close);
        }

        await _closed.Task;
        await base.DisposeAsync();
    }

    // Everything runs where it becomes possible: no queue between the socket and the protocol. Memory is taken when
    // there are bytes, so a connection that waits holds none.
    private static PipeOptions OptionsOf(int pause) => new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: pause,
        resumeWriterThreshold: pause / 2,
        useSynchronizationContext: false);

    private void Receive(bool toTheEnd)
    {
        var room = _loop.Received;
        for (var turn = 0; turn < ReadsAtOnce; turn++)
        {
            var count = _socket.Receive(room, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                return;
            if (error != SocketError.Success || count == 0)
            {
                EndInput(error == SocketError.Success ? null : new ConnectionResetException($"the connection was lost: {error}"));
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
        flush.UnsafeOnCompleted(_onRoom);
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
        ThreadPool.UnsafeQueueUserWorkItem(static gone => gone.Cancel(), _gone, preferLocal: false);
    }

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
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            failure = new ConnectionResetException(error.Message, error);
        }

        await _output.Reader.CompleteAsync(failure);
        if (failure is not null)
            ShutDown();
    }

    /// <summary>Sends as much as the socket takes; 0 says that it is full, and that its signal tells when it is not.</summary>
    private int TrySend(in ReadOnlySequence<byte> bytes)
    {
        var count = Send(bytes, out var error);
        if (error == SocketError.WouldBlock)
        {
            // The edge may have come before the signal was ready for it: look once more.
            _writable.Reset();
            count = Send(bytes, out error);
        }

        if (error == SocketError.WouldBlock)
            return 0;
        if (error != SocketError.Success)
            throw new SocketException((int)error);
        LoopMetrics.Sent.Add(count);
        return count;
    }

    private int Send(in ReadOnlySequence<byte> bytes, out SocketError error)
    {
        if (bytes.IsSingleSegment)
            return _socket.Send(bytes.FirstSpan, SocketFlags.None, out error);
        var pieces = _pieces ??= [];
        pieces.Clear();
        foreach (var memory in bytes)
        {
            if (MemoryMarshal.TryGetArray(memory, out var piece) && piece.Count > 0)
                pieces.Add(piece);
            if (pieces.Count == MaxGather)
                break;
        }

        return _socket.Send(pieces, SocketFlags.None, out error);
    }

    private void ShutDown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The peer was first, or it is closed.
        }
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
