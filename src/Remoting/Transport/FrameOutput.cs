using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// The sending half of a connection. Any thread may write; each frame is written whole under a lock. A flush that many
/// ask for at once happens once: at the end of the read loop's batch, or else in one work item of the thread pool, which
/// takes everything with it that was written until it runs.
/// </summary>
internal sealed class FrameOutput : IThreadPoolWorkItem
{
    private readonly Lock _lock = new();
    private readonly PipeWriter _pipe;
    private readonly TimeProvider _time;
    private readonly int _pauseBytes;
    private readonly int _maxBytes;
    private readonly FrameWriter _frames = new();
    private readonly Action _onFlushed;
    private readonly Action<string> _onBroken;
    private readonly Action _onRoom;
    private readonly AnswerBudget? _budget;

    private ValueTaskAwaiter<FlushResult> _flush;
    private long _bufferedBytes;
    private long _flushingBytes;
    private long _flushStarted;
    private long _untaken;
    private bool _flushing;
    private bool _flushScheduled;
    private bool _dirty;
    private bool _inBatch;
    private bool _closed;

    public FrameOutput(
        PipeWriter pipe, RemotingOptions options, TimeProvider time, Action<string> onBroken, Action onRoom, AnswerBudget? budget = null)
    {
        _budget = budget;
        _pipe = pipe;
        _time = time;
        _pauseBytes = options.MaxUnflushedBytes;
        _maxBytes = options.MaxBufferedBytes;
        _onBroken = onBroken;
        _onRoom = onRoom;
        _onFlushed = OnFlushed;
        LastWrite = time.GetTimestamp();
    }

    /// <summary>Whether the peer takes so little that its requests should not be read for now.</summary>
    public bool IsOverfull => Volatile.Read(ref _bufferedBytes) > _pauseBytes;

    /// <summary>Whether a flush waits for the peer.</summary>
    public bool IsBehind => Volatile.Read(ref _flushing);

    /// <summary>When a frame was last written.</summary>
    public long LastWrite { get; private set; }

    /// <summary>Writes one frame; false when the connection has ended or the peer takes nothing any more.</summary>
    public bool TryWrite<THeader, TBody>(in HeaderStart start, in THeader header, HeaderText remark, in TBody body)
        where THeader : struct, IHeaderWriter
        where TBody : struct, IResponseBody
    {
        lock (_lock)
        {
            if (_closed)
                return false;
            WriteFrame(start, header, remark, body);
            if (_bufferedBytes > _maxBytes)
            {
                _closed = true;
                _onBroken(AbortReasons.Overfull);
                return false;
            }
            _dirty = true;
            if (!_inBatch && !_flushing && !_flushScheduled)
            {
                _flushScheduled = true;
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }
        return true;
    }

    /// <summary>Until <see cref="EndBatch"/>, writing does not flush.</summary>
    public void BeginBatch()
    {
        lock (_lock)
            _inBatch = true;
    }

    /// <summary>Flushes what was written since <see cref="BeginBatch"/>.</summary>
    public void EndBatch()
    {
        lock (_lock)
        {
            _inBatch = false;
            StartFlush();
        }
    }

    /// <summary>The scheduled flush.</summary>
    public void Execute()
    {
        lock (_lock)
        {
            _flushScheduled = false;
            StartFlush();
        }
    }

    /// <summary>Whether a flush has waited for the peer longer than allowed.</summary>
    public bool IsStalled(TimeSpan limit)
    {
        lock (_lock)
            return _flushing && _time.GetElapsedTime(_flushStarted) > limit;
    }

    /// <summary>Ends the output; what was written before is still delivered if the peer takes it.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _closed = true;
            _pipe.Complete();
            CountUntaken(0);
        }
    }

    private void WriteFrame<THeader, TBody>(in HeaderStart start, in THeader header, HeaderText remark, in TBody body)
        where THeader : struct, IHeaderWriter
        where TBody : struct, IResponseBody
    {
        int prefix;
        try
        {
            header.Write(_frames.Fields);
            prefix = _frames.Write(_pipe, start, remark, typeof(THeader) != typeof(NoFields), body.Length);
        }
        catch
        {
            // Nothing is in the pipe yet: the next frame must not inherit this one's fields.
            _frames.Fields.Reset();
            throw;
        }
        WriteBody(body);
        Volatile.Write(ref _bufferedBytes, _bufferedBytes + prefix + body.Length);
        if (_flushing)
            CountUntaken(_bufferedBytes);
        LastWrite = _time.GetTimestamp();
        RemotingMetrics.FramesSent.Add(1);
    }

    // The length is on its way already: a body that breaks off leaves the peer unable to find the next frame.
    private void WriteBody<TBody>(in TBody body)
        where TBody : struct, IResponseBody
    {
        if (body.Length == 0)
            return;
        var before = _pipe.CanGetUnflushedBytes ? _pipe.UnflushedBytes : -1;
        try
        {
            body.WriteTo(_pipe);
            if (before >= 0 && _pipe.UnflushedBytes - before != body.Length)
                throw new InvalidOperationException($"a body wrote {_pipe.UnflushedBytes - before} bytes in place of {body.Length}");
        }
        catch
        {
            _closed = true;
            _onBroken("a response body failed while it was written");
            throw;
        }
    }

    // Counted only while a flush waits: a peer that reads costs the others nothing.
    private void CountUntaken(long bytes)
    {
        _budget?.Add(bytes - _untaken);
        _untaken = bytes;
    }

    private void StartFlush()
    {
        if (!_dirty || _flushing || _closed)
            return;
        _dirty = false;
        _flushingBytes = _bufferedBytes;
        RemotingMetrics.Flushes.Add(1);
        ValueTaskAwaiter<FlushResult> flush;
        try
        {
#pragma warning disable CA2012 // Looked at once when complete, else attached to one continuation.
            flush = _pipe.FlushAsync().GetAwaiter();
#pragma warning restore CA2012
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // A pipe whose reader failed throws here and not in the result: nobody above this on a thread of the pool would catch it.
            _closed = true;
            _onBroken(error.Message);
            return;
        }
        if (flush.IsCompleted)
        {
            FinishFlush(flush);
            return;
        }
        _flushing = true;
        CountUntaken(_bufferedBytes);
        _flushStarted = _time.GetTimestamp();
        _flush = flush;
        flush.UnsafeOnCompleted(_onFlushed);
    }

    private void OnFlushed()
    {
        lock (_lock)
        {
            _flushing = false;
            CountUntaken(0);
            FinishFlush(_flush);
            _flush = default;
            if (!_inBatch)
                StartFlush();
        }
        _onRoom();
    }

    private void FinishFlush(ValueTaskAwaiter<FlushResult> flush)
    {
        Volatile.Write(ref _bufferedBytes, _bufferedBytes - _flushingBytes);
        _flushingBytes = 0;
        try
        {
#pragma warning disable VSTHRD002 // Only called when the flush is complete.
            if (!flush.GetResult().IsCompleted)
#pragma warning restore VSTHRD002
                return;
            _closed = true;
            _onBroken("the peer stopped reading");
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
        {
            _closed = true;
            _onBroken(error.Message);
        }
    }
}
