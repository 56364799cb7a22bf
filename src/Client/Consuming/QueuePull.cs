using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Groups;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>Pulls one queue while this member has it: a task, not a thread. Stops when the window is full, and commits what is handled.</summary>
internal sealed class QueuePull : IAsyncDisposable
{
    private readonly ConsumeContext _context;
    private readonly TagFilter _filter;
    private readonly CancellationTokenSource _stopped;
    private readonly WakeSignal _room = new();
    private readonly SemaphoreSlim _committing = new(1, 1);
    private QueueWindow? _window;
    private long _committed = -1;
    private Task _pulling = Task.CompletedTask;
    private volatile bool _revoked;

    public QueuePull(ConsumeContext context, MessageQueue queue, TagFilter filter, CancellationToken stopped)
    {
        _context = context;
        _filter = filter;
        Queue = queue;
        _stopped = CancellationTokenSource.CreateLinkedTokenSource(stopped);
    }

    public MessageQueue Queue { get; }

    /// <summary>Whether another member has the queue now: what is not handled yet is handled there.</summary>
    public bool IsRevoked => _revoked;

    public void Start() => _pulling = RunAsync(_stopped.Token);

    /// <summary>A message is handled, or was sent back.</summary>
    public void Complete(ReceivedMessage message)
    {
        ClientMetrics.Buffered.Add(-1);
        if (!_revoked)
        {
            _window!.Complete(message.QueueOffset);
            _room.Set();
        }
    }

    /// <summary>Commits progress when it moved.</summary>
    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        if (_window is not { } window)
        {
            return;
        }

        await _committing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long progress = window.Progress;
            if (progress != _committed)
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

    /// <summary>Ends pulling; what is in handlers goes on.</summary>
    public async ValueTask StopPullingAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _pulling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The queue goes to another member: ends pulling, commits, and forgets what is not handled.</summary>
    public async ValueTask RevokeAsync()
    {
        await StopPullingAsync().ConfigureAwait(false);
        await CommitAsync(CancellationToken.None).ConfigureAwait(false);
        _revoked = true;
    }

    public async ValueTask DisposeAsync()
    {
        await StopPullingAsync().ConfigureAwait(false);
        _stopped.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                long offset = _window?.Next ?? -1;
                try
                {
                    await StepAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (Exception error) when (error is ProtoBridgeMqException or IOException)
                {
                    ClientMetrics.PullFailures.Add(1);
                    _context.Log.PullFailed(_context.Group, Queue, offset, error.Message);
                    await Task.Delay(_context.Options.RetryPause, _context.Time, cancellationToken).ConfigureAwait(false);
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
        if (_window is null)
        {
            StartOffset start = await _context.Progress.FindStartAsync(Queue, cancellationToken).ConfigureAwait(false);
            _committed = start.Offset;
            _window = new QueueWindow(start.Offset);
        }

        QueueWindow window = _window;
        PushConsumerOptions options = _context.Options;
        while (!window.HasRoom(options.MaxMessagesPerQueue, options.MaxBytesPerQueue, options.MaxSpanPerQueue))
        {
            await _room.WaitAsync(Timeout.InfiniteTimeSpan, _context.Time, cancellationToken).ConfigureAwait(false);
        }

        using PullResult result = await _context.Reader
            .PullAsync(Queue, window.Next, options.PullBatch, options.PullWait, _filter, cancellationToken)
            .ConfigureAwait(false);
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
                message = new ReceivedMessage(Queue, view);
            }
            catch (BadAnswerException error)
            {
                _context.Log.MessageUnreadable(Queue, error.Message);
                return new Unreadable(view.QueueOffset, view.LogOffset, view.OriginalTopic(Queue.Topic));
            }

            if (window.TryAdd(message.QueueOffset, message.Body.Length + message.PropertyText.Length))
            {
                ClientMetrics.Received.Add(1);
                ClientMetrics.Buffered.Add(1);
                _context.Deliveries.TryWrite(new Delivery(this, message));
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

        window.Reset(next);
        await CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private sealed record Unreadable(long QueueOffset, long LogOffset, string Topic);
}
