using System.Threading.Channels;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Groups;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>Pulls one queue while this member has it: a task, not a thread. Stops when the window is full, and commits what is handled.</summary>
internal sealed class QueuePull : IAsyncDisposable
{
    private static readonly TimeSpan LockAgain = TimeSpan.FromSeconds(1);

    private readonly ConsumeContext _context;
    private readonly MessageFilter _filter;
    private readonly OrderedLane? _lane;
    private readonly QueueLocks? _locks;
    private readonly ChannelWriter<Delivery> _deliveries;
    private readonly CancellationTokenSource _stopped;
    private readonly WakeSignal _room = new();
    private readonly SemaphoreSlim _committing = new(1, 1);
    private readonly Interruption _interruption;
    private QueueWindow? _window;
    private long _committed = -1;
    private long _resetTo = -1;
    private int _reading;

    /// <summary>Messages that were gone when they were to be read, since the last one that was. Of the task that pulls.</summary>
    private long _missing;
    private Task _pulling = Task.CompletedTask;
    private volatile bool _paused;
    private volatile bool _revoking;
    private volatile bool _revoked;

    /// <summary>Makes the pull of a queue.</summary>
    /// <param name="context">The consumer.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="filter">What of it is wanted.</param>
    /// <param name="lane">Handles its messages in order; null when the consumer's pool handles them in any.</param>
    /// <param name="stopped">The consumer stops.</param>
    public QueuePull(ConsumeContext context, MessageQueue queue, MessageFilter filter, OrderedLane? lane, CancellationToken stopped)
    {
        _context = context;
        _filter = filter;
        _lane = lane;
        _locks = context.Locks;
        _deliveries = lane?.Deliveries ?? context.Deliveries.Writer;
        Queue = queue;
        _stopped = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        _interruption = new Interruption(_stopped.Token);
    }

    public MessageQueue Queue { get; }

    /// <summary>Complete when no handler works in order for the queue.</summary>
    public Task HandlingEnded => _lane?.Ended ?? Task.CompletedTask;

    public void Start()
    {
        _lane?.Start();
        _pulling = RunAsync(_stopped.Token);
    }

    /// <summary>Whether a message of that reading is still to be handled here.</summary>
    public bool Wants(int reading) => !_revoking && !_revoked && reading == Volatile.Read(ref _reading);

    /// <summary>Whether a message may be handled now: the queue's lock is held, where it needs one. If not it is locked and read anew.</summary>
    public bool MayHandle()
    {
        if (_locks is null || _locks.IsHeld(Queue))
        {
            return true;
        }

        _interruption.Interrupt();
        return false;
    }

    /// <summary>A message is handled, was sent back, or is not wanted any more.</summary>
    public void Complete(ReceivedMessage message, int reading)
    {
        ClientMetrics.Buffered.Add(-1);
        if (!_revoked && reading == Volatile.Read(ref _reading))
        {
            Volatile.Read(ref _window)?.Complete(message.QueueOffset);
            _room.Set();
        }
    }

    /// <summary>Reads no more, or goes on. What was read already is handled.</summary>
    public void Pause(bool paused)
    {
        _paused = paused;
        if (paused)
        {
            _interruption.Interrupt();
        }

        _room.Set();
    }

    /// <summary>Goes on at another offset. What was read and is not handled yet is forgotten.</summary>
    public void ResetTo(long offset)
    {
        Interlocked.Exchange(ref _resetTo, offset);
        _interruption.Interrupt();
    }

    /// <summary>Commits progress when it moved.</summary>
    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        await _committing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Volatile.Read(ref _window) is { } window && window.Progress is var progress && progress != _committed)
            {
                await _context.Progress.CommitAsync(Queue, progress, cancellationToken).ConfigureAwait(false);
                _committed = progress;
            }
        }
        catch (Exception error) when (error is ProtoBridgeMqException or IOException or UnauthorizedAccessException)
        {
            _context.Log.CommitFailed(_context.Group, Queue, error.Message);
        }
        finally
        {
            _committing.Release();
        }
    }

    /// <summary>Ends pulling; what is in handlers goes on, and nothing more of the queue is begun in order.</summary>
    public async ValueTask StopPullingAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _pulling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _lane?.Stop();
    }

    /// <summary>
    /// The queue goes to another member: ends pulling, commits, and forgets what is not handled. A queue that is handled in order is given
    /// up when its handler has ended; a handler that does not end in time keeps the lock until its lease ends.
    /// </summary>
    public async ValueTask RevokeAsync()
    {
        _revoking = _lane is not null;
        await StopPullingAsync().ConfigureAwait(false);
        await HandlingEnded.WaitAsync(_context.Options.StopTimeout, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CommitAsync(CancellationToken.None).ConfigureAwait(false);
        _revoked = true;
        await UnlockAsync().ConfigureAwait(false);
    }

    /// <summary>Gives the lock back, when no handler works for the queue any more.</summary>
    public ValueTask UnlockAsync() => _locks is not null && HandlingEnded.IsCompleted ? _locks.UnlockAsync(Queue, CancellationToken.None) : ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopPullingAsync().ConfigureAwait(false);
        _interruption.Dispose();
        _stopped.Dispose();
        if (HandlingEnded.IsCompleted)
        {
            _lane?.Dispose();
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                long offset = _window?.Next ?? -1;
                CancellationToken step = _interruption.Renew();
                try
                {
                    await StepAsync(step).ConfigureAwait(false);
                }
                catch (Exception error) when (error is ProtoBridgeMqException or IOException or UnauthorizedAccessException)
                {
                    ClientMetrics.PullFailures.Add(1);
                    _context.Log.PullFailed(_context.Group, Queue, offset, error.Message);
                    await Task.Delay(Jitter.Spread(_context.Options.RetryPause), _context.Time, cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (step.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    // Paused, set to another offset, or the lock is lost: seen at the next step.
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception defect)
        {
            _context.Log.BackgroundDefect(defect);
            throw;
        }
    }

    private async ValueTask StepAsync(CancellationToken cancellationToken)
    {
        while (_paused)
        {
            await _room.WaitAsync(Timeout.InfiniteTimeSpan, _context.Time, cancellationToken).ConfigureAwait(false);
        }

        if (!await IsOursAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        QueueWindow window = await WindowAsync(cancellationToken).ConfigureAwait(false);
        PushConsumerOptions options = _context.Options;
        while (!window.HasRoom(options.MaxMessagesPerQueue, options.MaxBytesPerQueue, options.MaxSpanPerQueue))
        {
            await _room.WaitAsync(Timeout.InfiniteTimeSpan, _context.Time, cancellationToken).ConfigureAwait(false);
        }

        using PullResult result = await _context.Reader
            .PullAsync(Queue, window.Next, options.PullBatch, options.PullWait, _filter, cancellationToken)
            .ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (result.Status == PullStatus.OffsetIllegal)
        {
            await MoveAsync(window, result.NextOffset, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (Take(result, window) is { } unreadable)
        {
            await GiveUpAsync(unreadable, cancellationToken).ConfigureAwait(false);
            window.AdvanceTo(unreadable.QueueOffset + 1);
            return;
        }

        window.AdvanceTo(result.NextOffset);
    }

    /// <summary>Whether the queue is locked, where it needs to be. A lock that was lost means that the queue is read anew from its progress.</summary>
    private async ValueTask<bool> IsOursAsync(CancellationToken cancellationToken)
    {
        if (_locks is null || _locks.IsHeld(Queue))
        {
            return true;
        }

        if (_window is not null)
        {
            _context.Log.LockLost(_context.Group, Queue);
            Forget(null);
        }

        if (await _locks.TryLockAsync(Queue, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        await Task.Delay(LockAgain, _context.Time, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private async ValueTask<QueueWindow> WindowAsync(CancellationToken cancellationToken)
    {
        long reset = Interlocked.Exchange(ref _resetTo, -1);
        if (reset >= 0)
        {
            Forget(new QueueWindow(reset));
            _committed = -1;
            await CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (_window is null)
        {
            StartOffset start = await _context.Progress.FindStartAsync(Queue, cancellationToken).ConfigureAwait(false);
            _committed = start.Offset;
            Volatile.Write(ref _window, new QueueWindow(start.Offset));
        }

        return _window!;
    }

    /// <summary>What was read and not handled is not wanted any more.</summary>
    private void Forget(QueueWindow? window)
    {
        _missing = 0;
        Interlocked.Increment(ref _reading);
        Volatile.Write(ref _window, window);
    }

    /// <summary>Hands the messages on, up to the first whose body does not unpack.</summary>
    private Unreadable? Take(PullResult result, QueueWindow window)
    {
        foreach (MessageView view in result)
        {
            if (view.QueueOffset < window.Next)
            {
                continue;
            }

            if (!_filter.Matches(view.Tag))
            {
                window.AdvanceTo(view.QueueOffset + 1);
                continue;
            }

            ReceivedMessage message;
            try
            {
                message = new ReceivedMessage(Queue, view) { Missing = _missing };
            }
            catch (BadAnswerException error)
            {
                _context.Log.MessageUnreadable(Queue, error.Message);
                return new Unreadable(view.QueueOffset, view.LogOffset, view.OriginalTopic(Queue.Topic));
            }

            if (window.TryAdd(message.QueueOffset, message.Body.Length + message.PropertyText.Length))
            {
                _missing = 0;
                ClientMetrics.Received.Add(1);
                ClientMetrics.Buffered.Add(1);
                _deliveries.TryWrite(new Delivery(this, message, _reading));
            }
        }

        return null;
    }

    /// <summary>A message that this client cannot unpack must not stop its queue, and must not be lost: a dead letter.</summary>
    private async ValueTask GiveUpAsync(Unreadable message, CancellationToken cancellationToken)
    {
        if (!_context.IsBroadcast)
        {
            await _context.Reader
                .SendBackAsync(Queue, message.LogOffset, message.Topic, -1, _context.MaxReconsumeTimes, null, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>The queue has no such offset: too old, or the broker lost its tail. What is in handlers ends first.</summary>
    private async ValueTask MoveAsync(QueueWindow window, long next, CancellationToken cancellationToken)
    {
        _context.Log.OffsetIllegal(_context.Group, Queue, window.Next, next);
        while (window.Unhandled > 0)
        {
            await _room.WaitAsync(Timeout.InfiniteTimeSpan, _context.Time, cancellationToken).ConfigureAwait(false);
        }

        _missing += Math.Max(0, next - window.Next);
        window.Reset(next);
        await CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed record Unreadable(long QueueOffset, long LogOffset, string Topic);
}
