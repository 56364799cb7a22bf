namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>The queues that a consumer pulls: follows the assignment, one change at a time.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PullSet(
    ConsumeContext context, HandlerCalls calls, IReadOnlyDictionary<string, MessageFilter> filters, CancellationToken stopping) : IAsyncDisposable
{
    private readonly Dictionary<MessageQueue, QueuePull> _pulls = [];
    private readonly HashSet<MessageQueue> _paused = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _slots = new(context.Options.MaxConcurrency, context.Options.MaxConcurrency);
    private bool _allPaused;

    /// <summary>Whether all are paused.</summary>
    public bool IsPaused
    {
        get
        {
            lock (_gate)
            {
                return _allPaused;
            }
        }
    }

    /// <summary>Complete when no handler works in order.</summary>
    public Task HandlingEnded => Task.WhenAll(Pulls().Select(pull => pull.HandlingEnded));

    /// <summary>Gives up the queues that are not in the assignment, and begins those that are new.</summary>
    public async ValueTask ApplyAsync(QueueAssignment assignment)
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            QueuePull[] lost = [.. Pulls().Where(pull => !assignment.Queues.Contains(pull.Queue))];
            await Task.WhenAll(lost.Select(GiveUpAsync)).ConfigureAwait(false);
            foreach (MessageQueue gained in assignment.Queues)
            {
                Begin(gained);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Pauses or resumes one queue, now and whenever it is assigned; null for all.</summary>
    public void Pause(MessageQueue? queue, bool paused)
    {
        lock (_gate)
        {
            if (queue is not { } one)
            {
                _allPaused = paused;
            }
            else if (paused)
            {
                _paused.Add(one);
            }
            else
            {
                _paused.Remove(one);
            }

            foreach (QueuePull pull in _pulls.Values)
            {
                pull.Pause(_allPaused || _paused.Contains(pull.Queue));
            }
        }
    }

    /// <summary>An operator set the group's progress.</summary>
    public void ResetTo(IReadOnlyDictionary<MessageQueue, long> offsets)
    {
        foreach (QueuePull pull in Pulls())
        {
            if (offsets.TryGetValue(pull.Queue, out long offset) && offset >= 0)
            {
                pull.ResetTo(offset);
            }
        }
    }

    public async ValueTask CommitAsync()
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await Task.WhenAll(Pulls().Select(pull => pull.CommitAsync(CancellationToken.None).AsTask())).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public Task StopPullingAsync() => Task.WhenAll(Pulls().Select(pull => pull.StopPullingAsync().AsTask()));

    public Task UnlockAsync() => Task.WhenAll(Pulls().Select(pull => pull.UnlockAsync().AsTask()));

    public async ValueTask DisposeAsync()
    {
        foreach (QueuePull pull in Pulls())
        {
            await pull.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
        // The slots are not disposed: a handler that was left behind gives its slot back.
    }

    private QueuePull[] Pulls()
    {
        lock (_gate)
        {
            return [.. _pulls.Values];
        }
    }

    private void Begin(MessageQueue queue)
    {
        lock (_gate)
        {
            if (_pulls.ContainsKey(queue))
            {
                return;
            }

            MessageFilter filter = filters.GetValueOrDefault(queue.Topic) ?? MessageFilter.All;
            OrderedLane? lane = context.Options.Ordered ? new OrderedLane(context, calls, _slots) : null;
            var pull = new QueuePull(context, queue, filter, lane, stopping);
            pull.Pause(_allPaused || _paused.Contains(queue));
            _pulls.Add(queue, pull);
            pull.Start();
        }
    }

    private async Task GiveUpAsync(QueuePull pull)
    {
        await pull.RevokeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _pulls.Remove(pull.Queue);
        }

        await pull.DisposeAsync().ConfigureAwait(false);
    }
}
