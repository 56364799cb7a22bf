using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Pulling;

/// <summary>One queue of a pull consumer: reads ahead within limits, and hands out in order. A seek forgets what was read ahead.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PullLane : IAsyncDisposable
{
    private readonly PullContext _context;
    private readonly MessageFilter _filter;
    private readonly Lock _gate = new();
    private readonly Queue<ReceivedMessage> _ahead = new();
    private readonly WakeSignal _room = new();
    private readonly CancellationTokenSource _stopped;
    private readonly Interruption _interruption;
    private Task _pulling = Task.CompletedTask;
    private long _bytes;
    private long _next = -1;
    private long _position = -1;
    private long _settled = -1;
    private long _committed = -1;
    private long _missing;
    private int _seeks;
    private bool _paused;

    public PullLane(PullContext context, MessageQueue queue, MessageFilter filter, CancellationToken stopped)
    {
        _context = context;
        _filter = filter;
        Queue = queue;
        _stopped = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        _interruption = new Interruption(_stopped.Token);
    }

    public MessageQueue Queue { get; }

    /// <summary>The offset of the next message to be handed out; null while it is not known yet.</summary>
    public long? Position
    {
        get
        {
            lock (_gate)
            {
                return _position < 0 ? null : _position;
            }
        }
    }

    public void Start() => _pulling = RunAsync(_stopped.Token);

    /// <summary>Hands out what was read ahead.</summary>
    public void Take(List<ReceivedMessage> into, int max)
    {
        lock (_gate)
        {
            if (_paused)
            {
                return;
            }

            while (into.Count < max && _ahead.TryDequeue(out ReceivedMessage? message))
            {
                into.Add(message);
                _bytes -= Size(message);
                _position = message.QueueOffset + 1;
                ClientMetrics.Buffered.Add(-1);
            }
        }

        _room.Set();
    }

    /// <summary>What was handed out before is done: its caller asks for more.</summary>
    public void SettleHandedOut()
    {
        lock (_gate)
        {
            _settled = _position;
        }
    }

    public void Seek(long offset)
    {
        lock (_gate)
        {
            ClientMetrics.Buffered.Add(-_ahead.Count);
            _ahead.Clear();
            _bytes = 0;
            _next = offset;
            _position = offset;
            _settled = offset;
            _missing = 0;
            _seeks++;
        }

        _interruption.Interrupt();
    }

    public void Pause(bool paused)
    {
        lock (_gate)
        {
            _paused = paused;
        }

        _room.Set();
        _context.Arrived.Set();
    }

    /// <summary>Commits what is settled, when it moved.</summary>
    public async ValueTask CommitSettledAsync(CancellationToken cancellationToken)
    {
        long settled;
        lock (_gate)
        {
            settled = _settled;
        }

        if (settled >= 0 && settled != Volatile.Read(ref _committed))
        {
            await _context.Progress.CommitAsync(Queue, settled, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _committed, settled);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _pulling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            ClientMetrics.Buffered.Add(-_ahead.Count);
            _ahead.Clear();
        }

        _interruption.Dispose();
        _stopped.Dispose();
    }

    private static int Size(ReceivedMessage message) => message.Body.Length + message.PropertyText.Length;

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                CancellationToken step = _interruption.Renew();
                try
                {
                    await StepAsync(step).ConfigureAwait(false);
                }
                catch (Exception error) when (error is ProtoBridgeMqException or IOException)
                {
                    ClientMetrics.PullFailures.Add(1);
                    _context.Connection.Log.PullFailed(_context.Group, Queue, Volatile.Read(ref _next), error.Message);
                    await Task.Delay(Jitter.Spread(_context.Options.RetryPause), _context.Connection.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (step.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    // A seek: the next step reads from there.
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception defect)
        {
            _context.Connection.Log.BackgroundDefect(defect);
            throw;
        }
    }

    private async ValueTask StepAsync(CancellationToken cancellationToken)
    {
        (long next, int seeks) = await NextAsync(cancellationToken).ConfigureAwait(false);
        while (!HasRoom())
        {
            await _room.WaitAsync(Timeout.InfiniteTimeSpan, _context.Connection.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }

        using PullResult result = await _context.Reader
            .PullAsync(Queue, next, _context.Options.PullBatch, _context.Options.PullWait, _filter, cancellationToken)
            .ConfigureAwait(false);
        Add(result, seeks);
    }

    private async ValueTask<(long Next, int Seeks)> NextAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_next >= 0)
            {
                return (_next, _seeks);
            }
        }

        StartOffset start = await _context.Progress.FindStartAsync(Queue, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (_next < 0)
            {
                (_next, _position, _settled, _committed) = (start.Offset, start.Offset, start.Offset, start.Offset);
            }

            return (_next, _seeks);
        }
    }

    private bool HasRoom()
    {
        lock (_gate)
        {
            return !_paused && _ahead.Count < _context.Options.MaxMessagesPerQueue && _bytes < _context.Options.MaxBytesPerQueue;
        }
    }

    private void Add(PullResult result, int seeks)
    {
        bool any = false;
        lock (_gate)
        {
            if (seeks != _seeks)
            {
                return;
            }

            foreach (MessageView view in result)
            {
                if (view.QueueOffset < _next || !_filter.Matches(view.Tag))
                {
                    continue;
                }

                if (Read(view) is { } message)
                {
                    _missing = 0;
                    _ahead.Enqueue(message);
                    _bytes += Size(message);
                    _next = message.QueueOffset + 1;
                    any = true;
                    ClientMetrics.Received.Add(1);
                    ClientMetrics.Buffered.Add(1);
                }
            }

            if (result.Status == PullStatus.OffsetIllegal)
            {
                _context.Connection.Log.OffsetIllegal(_context.Group, Queue, _next, result.NextOffset);
                _missing += Math.Max(0, result.NextOffset - _next);
                _next = result.NextOffset;
            }

            _next = Math.Max(_next, result.NextOffset);
            if (_ahead.Count == 0)
            {
                // Nothing is waiting to be handed out: what was filtered out is behind us.
                _position = _next;
            }
        }

        if (any)
        {
            _context.Arrived.Set();
        }
    }

    /// <summary>A message that does not unpack is passed over: its caller could do nothing with it, and the queue must go on.</summary>
    private ReceivedMessage? Read(in MessageView view)
    {
        try
        {
            return new ReceivedMessage(Queue, view) { Missing = _missing };
        }
        catch (BadAnswerException error)
        {
            _context.Connection.Log.MessageUnreadable(Queue, error.Message);
            return null;
        }
    }
}
