using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// One remoting connection, either end: cuts frames, hands requests to handlers, matches answers to own requests.
/// All frames of one read are handled before one flush.
/// </summary>
#pragma warning disable CA1001 // Its token source is disposed when RunAsync ends.
public sealed class RemotingConnection
#pragma warning restore CA1001
{
    private const int MaxPooledRequests = 256;

    private readonly PipeReader _input;
    private readonly RequestRoutes _routes;
    private readonly RemotingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IConnectionObserver? _observer;
    private readonly AnswerBudget? _budget;
    private readonly PendingInvokes _invokes;
    private readonly CancellationTokenSource _closed = new();
    private readonly Stack<RemotingRequest> _requestPool = new();
    private readonly Lock _poolLock = new();

    private RemotingResponse _incoming = RemotingResponse.Rent();
    private TaskCompletionSource? _room;
    private string? _abortReason;
    private int _inFlight;
    private long _lastRead;
    private long _partialSince;

    /// <summary>Makes a connection over two pipes; it works while <see cref="RunAsync"/> runs.</summary>
    public RemotingConnection(
        IDuplexPipe transport,
        RequestRoutes routes,
        RemotingOptions options,
        TimeProvider time,
        ILogger logger,
        EndPoint? remoteEndPoint = null,
        EndPoint? localEndPoint = null,
        IConnectionObserver? observer = null,
        AnswerBudget? budget = null)
    {
        _input = transport.Input;
        _routes = routes;
        _options = options;
        _time = time;
        _logger = logger;
        _observer = observer;
        _budget = budget;
        _invokes = new PendingInvokes(options.MaxPendingInvokes, time);
        _lastRead = time.GetTimestamp();
        Output = new FrameOutput(transport.Output, options, time, Abort, SignalRoom, budget);
        Closed = _closed.Token;
        RemoteEndPoint = remoteEndPoint;
        LocalEndPoint = localEndPoint;
    }

    /// <summary>The peer's address, if it has one.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>Our address on this connection, if it has one.</summary>
    public EndPoint? LocalEndPoint { get; }

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Closed { get; }

    /// <summary>Why we ended the connection; null while it lives and when the peer ended it.</summary>
    public string? AbortReason => Volatile.Read(ref _abortReason);

    /// <summary>For the owner of the routes: what it knows of this peer (a client id, a broker's address).</summary>
    public object? State { get; set; }

    /// <summary>Whether the peer has ever sent a whole frame.</summary>
    internal bool HasHeard { get; private set; }

    internal FrameOutput Output { get; }

    private bool IsFull => Output.IsOverfull || Volatile.Read(ref _inFlight) >= _options.MaxInFlightRequests;

    /// <summary>Reads until the peer closes, the protocol is broken, a limit is exceeded or the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        RemotingMetrics.Connections.Add(1);
        Notify(opened: true);
        var reason = "the peer closed it";
        try
        {
            await using var stop = cancellationToken.UnsafeRegister(static state => ((RemotingConnection)state!).Abort(AbortReasons.ShuttingDown), this);
            await using var sweep = _time.CreateTimer(
                static state => ((RemotingConnection)state!).Sweep(), this, _options.SweepInterval, _options.SweepInterval);
            await ReadFramesAsync();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            reason = error.Message;
        }
        finally
        {
            await EndAsync(reason);
        }
    }

    /// <summary>Ends the connection now.</summary>
    public void Abort(string reason)
    {
        if (Interlocked.CompareExchange(ref _abortReason, reason, null) is not null)
            return;
        _input.CancelPendingRead();
        SignalRoom();
    }

    /// <summary>Sends a request and waits for its answer, which the caller disposes.</summary>
    /// <exception cref="RemotingTimeoutException">No answer in time.</exception>
    /// <exception cref="RemotingConnectionException">The connection is closed.</exception>
    /// <exception cref="RemotingOverloadException">Too many requests wait already.</exception>
    public ValueTask<RemotingResponse> InvokeAsync<THeader>(
        int code, in THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken = default)
        where THeader : struct, IHeaderWriter
    {
        var pending = _invokes.Add(code, timeout, cancellationToken);
        var answer = pending.Task;
        PendingInvokes.Watch(pending, cancellationToken);
        try
        {
            var start = StartOf(code, pending.Opaque, HeaderFlags.Request, SerializationOf(code));
            if (!Output.TryWrite(start, header, default, new MemoryBody(body)))
                _invokes.Fail(pending, new RemotingConnectionException("the connection is closed", maybeSent: false));
        }
        catch (Exception error)
        {
            _invokes.Fail(pending, error);
        }
        return answer;
    }

    /// <summary>Sends a request that gets no answer.</summary>
    /// <returns>False when the connection is closed or its output is full: then nothing was sent.</returns>
    public bool TrySendOneWay<THeader>(int code, in THeader header, ReadOnlyMemory<byte> body = default)
        where THeader : struct, IHeaderWriter
    {
        if (Output.IsOverfull)
            return false;
        var start = StartOf(code, _invokes.NextOpaque(), HeaderFlags.OneWay, SerializationOf(code));
        return Output.TryWrite(start, header, default, new MemoryBody(body));
    }

    // A code has two bytes in the binary form: the requests between our own processes have larger ones.
    private SerializeType SerializationOf(int code) => code == (short)code ? _options.Serialization : SerializeType.Json;

    internal HeaderStart StartOf(int code, int opaque, HeaderFlags flags, SerializeType serialization) =>
        new(code, opaque, flags, serialization, _options.Language, _options.Version);

    /// <summary>The one place where a handler's exception becomes an answer.</summary>
    internal void AnswerFailure(RemotingRequest request, Exception error)
    {
        var code = ResponseCode.SystemError;
        string remark;
        if (error is RemotingException refusal)
        {
            code = refusal.Code;
            remark = refusal.Message;
            RemotingLog.RequestRefused(_logger, RemoteEndPoint, request.Code, remark);
        }
        else if (error is OperationCanceledException && Closed.IsCancellationRequested)
        {
            return;
        }
        else
        {
            remark = $"the request failed: {error.GetType().Name}";
            RemotingLog.HandlerFailed(_logger, error, request.Code);
        }
        RemotingMetrics.RequestErrors.Add(1);
        TryAnswer(request, code, remark);
    }

    /// <summary>A handler ended without an answer: the peer must not wait for nothing.</summary>
    internal void AnswerSilence(RemotingRequest request)
    {
        RemotingLog.HandlerSilent(_logger, request.Code);
        TryAnswer(request, ResponseCode.SystemError, "the request got no answer");
    }

    internal void Return(RemotingRequest request)
    {
        lock (_poolLock)
        {
            if (_requestPool.Count < MaxPooledRequests)
                _requestPool.Push(request);
        }
        RemotingMetrics.RequestsInFlight.Add(-1);
        Interlocked.Decrement(ref _inFlight);
        SignalRoom();
    }

    private void TryAnswer(RemotingRequest request, int code, string remark)
    {
        if (request.IsAnswered)
            return;
        try
        {
            request.Reply(code, remark);
        }
        catch (Exception error)
        {
            Abort($"an error could not be answered: {error.Message}");
        }
    }

    private async Task ReadFramesAsync()
    {
        while (AbortReason is null)
        {
            var result = await _input.ReadAsync();
            if (AbortReason is not null)
                return;
            Volatile.Write(ref _lastRead, _time.GetTimestamp());
            var buffer = result.Buffer;
            HandleFrames(ref buffer, out var needsMore, out var mayBlock);
            // With frames left over, nothing is marked as examined: the next read returns them at once.
            _input.AdvanceTo(buffer.Start, needsMore ? buffer.End : buffer.Start);
            if (result.IsCompleted && needsMore)
                return;
            if (mayBlock)
                await ToThreadPool.Switch;
            if (IsFull)
                await WaitForRoomAsync();
        }
    }

    /// <summary>Handles whole frames, up to one that must not be handled on this thread.</summary>
    private void HandleFrames(ref ReadOnlySequence<byte> buffer, out bool needsMore, out bool mayBlock)
    {
        needsMore = false;
        mayBlock = false;
        var cut = false;
        var pooled = Thread.CurrentThread.IsThreadPoolThread;
        Output.BeginBatch();
        try
        {
            while (!IsFull && AbortReason is null)
            {
                var before = buffer;
                var status = FrameCutter.TryCut(ref buffer, _options.MaxFrameLength, out var frame, out var error);
                if (status == FrameStatus.Frame)
                {
                    cut = true;
                    error = HandleFrame(frame, pooled, out mayBlock);
                    if (mayBlock)
                    {
                        buffer = before;
                        break;
                    }
                }
                else if (status == FrameStatus.NeedMore)
                {
                    needsMore = true;
                    break;
                }
                if (error is not null)
                    Abort(error);
            }
        }
        finally
        {
            Output.EndBatch();
            _invokes.TellEnded();
        }
        HasHeard |= cut;
        NotePartial(cut, needsMore && !buffer.IsEmpty);
    }

    private void NotePartial(bool cut, bool partial)
    {
        if (!partial)
            Volatile.Write(ref _partialSince, 0);
        else if (cut || _partialSince == 0)
            Volatile.Write(ref _partialSince, _lastRead);
    }

    private string? HandleFrame(in Frame frame, bool pooled, out bool mayBlock)
    {
        mayBlock = false;
        if (frame.Header.Length > _options.MaxHeaderLength)
            return $"a header of {frame.Header.Length} bytes is over the limit of {_options.MaxHeaderLength}";
        var header = _incoming.Header;
        if (header.Decode(frame) is { } error)
            return error;
        if (header.IsResponse)
            HandleResponse(frame.Body);
        else if (_routes.Find(header.Code) is { } handler && !pooled && handler.MayBlock(header))
            mayBlock = true;
        else
            HandleRequest(header, frame.Body);
        return null;
    }

    // The answer was decoded into an object that the waiting caller now gets; another one takes its place here.
    private void HandleResponse(in ReadOnlySequence<byte> body)
    {
        _incoming.CopyBody(body);
        var response = _incoming;
        _incoming = RemotingResponse.Rent();
        if (_invokes.TryComplete(response))
            return;
        RemotingMetrics.UnmatchedResponses.Add(1);
        response.Dispose();
    }

    private void HandleRequest(RemotingHeader header, in ReadOnlySequence<byte> body)
    {
        RemotingMetrics.Requests.Add(1);
        RemotingMetrics.RequestsInFlight.Add(1);
        Interlocked.Increment(ref _inFlight);
        RemotingRequest? request;
        lock (_poolLock)
            _requestPool.TryPop(out request);
        request ??= new RemotingRequest(this);
        request.Begin(header, body);
        var refusal = _budget is { IsExceeded: true } && Output.IsBehind && !header.IsOneWay ? _budget.Refusal : null;
        request.Handle(refusal ?? _routes.Find(header.Code) ?? UnsupportedRequestHandler.Instance);
    }

    internal void NoteUnsupported(int code)
    {
        RemotingMetrics.UnsupportedRequests.Add(1);
        RemotingLog.UnsupportedRequest(_logger, RemoteEndPoint, code);
    }

    private async ValueTask WaitForRoomAsync()
    {
        RemotingMetrics.Pauses.Add(1);
        while (IsFull && AbortReason is null)
        {
            var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _room, room);
            if (IsFull && AbortReason is null)
                await room.Task;
        }
        Interlocked.Exchange(ref _room, null);
        Volatile.Write(ref _lastRead, _time.GetTimestamp());
    }

    private void SignalRoom() => Volatile.Read(ref _room)?.TrySetResult();

    private void Sweep()
    {
        _invokes.Expire();
        if (Output.IsStalled(_options.SendStallTimeout))
            Abort(AbortReasons.Stalled);
        if (IsFull)
            return;
        var partial = Volatile.Read(ref _partialSince);
        if (partial != 0 && _time.GetElapsedTime(partial) > _options.FrameTimeout)
            Abort(AbortReasons.SlowFrame);
        var last = Math.Max(Volatile.Read(ref _lastRead), Output.LastWrite);
        if (_options.IdleTimeout > TimeSpan.Zero && _time.GetElapsedTime(last) > _options.IdleTimeout)
            Abort(AbortReasons.Idle);
    }

    private async Task EndAsync(string reason)
    {
        var aborted = AbortReason;
        if (aborted is not null)
        {
            RemotingMetrics.Aborts.Add(1, AbortReasons.TagOf(aborted));
            RemotingLog.Aborted(_logger, RemoteEndPoint, aborted);
        }
        else
        {
            RemotingLog.Ended(_logger, RemoteEndPoint, reason);
        }
        Output.Complete();
        _invokes.Close(aborted ?? reason);
        await _input.CompleteAsync();
        RemotingMetrics.Connections.Add(-1);
        Notify(opened: false);
        await _closed.CancelAsync();
        _closed.Dispose();
    }

    private void Notify(bool opened)
    {
        try
        {
            if (opened)
                _observer?.OnOpened(this);
            else
                _observer?.OnClosed(this);
        }
        catch (Exception error)
        {
            RemotingLog.ObserverFailed(_logger, error);
        }
    }
}
