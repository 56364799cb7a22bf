using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>Everything that is published from the subscription on: a reader at the end of every queue of the selected topics.</summary>
internal sealed class TailStream : IMessageStream
{
    private readonly TailContext _context;
    private readonly TagExpression _filter;
    private readonly Dictionary<MessageQueue, TailPull> _pulls = [];
    private readonly Queue<TailPull> _ready = new();
    private readonly StreamSignal _arrived;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly SemaphoreSlim _look = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private TopicSelection _selection = TopicSelection.None;
    private Task _watching = Task.CompletedTask;
    private int _closed;

    public TailStream(TailContext context, TagExpression filter)
    {
        _context = context;
        _filter = filter;
        _arrived = new StreamSignal(context.Clock);
    }

    /// <summary>Takes the end offsets and starts to look for new topics.</summary>
    public async ValueTask OpenAsync(TopicSelection topics, CancellationToken cancellationToken)
    {
        await SelectAsync(topics, cancellationToken).ConfigureAwait(false);
        _context.Topics.Created += Look;
        _watching = Task.Run(WatchAsync, CancellationToken.None);
    }

    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancellationToken.ThrowIfCancellationRequested();
        batch.Clear();
        long start = _context.Clock.GetTimestamp();
        while (true)
        {
            ObjectDisposedException.ThrowIf(_closed != 0, this);
            if (Take(batch, max) > 0)
            {
                return batch.Count;
            }

            TimeSpan left = wait == Timeout.InfiniteTimeSpan ? wait : wait - _context.Clock.GetElapsedTime(start);
            if (wait != Timeout.InfiniteTimeSpan && left <= TimeSpan.Zero)
            {
                return 0;
            }

            await _arrived.WaitAsync(left, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
        => ValueTask.FromException(new BridgeException(BridgeError.DeliveryUnknown, "A tail stream settles nothing."));

    public async ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        foreach (string topic in topics.Names)
        {
            TopicNames.ThrowIfInvalid(topic);
            ClusterTopics.ThrowIfReserved(topic);
        }

        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await LeaveAsync(topics).ConfigureAwait(false);
            await EnterAsync(topics, atEnd: true, cancellationToken).ConfigureAwait(false);
            _selection = topics;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>A queue has messages.</summary>
    public void Offer(TailPull pull)
    {
        lock (_ready)
        {
            _ready.Enqueue(pull);
        }

        _arrived.Set();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        _context.Topics.Created -= Look;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveAsync(TopicSelection.None).ConfigureAwait(false);
        _arrived.Dispose();
        _changing.Dispose();
        _look.Dispose();
        _stop.Dispose();
    }

    private int Take(MessageBatch batch, int max)
    {
        lock (_ready)
        {
            while (batch.Count < max && _ready.TryPeek(out TailPull? pull))
            {
                if (pull.Give(batch, max))
                {
                    _ready.Dequeue();
                }
            }
        }

        return batch.Count;
    }

    /// <summary>Stops reading what is not selected any more.</summary>
    private async ValueTask LeaveAsync(TopicSelection topics)
    {
        TailPull[] left = [.. _pulls.Values.Where(pull => !topics.Contains(pull.Queue.Topic))];
        lock (_ready)
        {
            TailPull[] kept = [.. _ready.Where(pull => !left.Contains(pull))];
            _ready.Clear();
            foreach (TailPull pull in kept)
            {
                _ready.Enqueue(pull);
            }
        }

        foreach (TailPull pull in left)
        {
            _pulls.Remove(pull.Queue);
            await pull.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Starts reading queues that are not read yet.</summary>
    /// <param name="topics">The selection.</param>
    /// <param name="atEnd">
    /// At their ends, for what is there when the selection is made; at their beginnings for queues that appear later:
    /// all they have was published after it.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async ValueTask EnterAsync(TopicSelection topics, bool atEnd, CancellationToken cancellationToken)
    {
        IEnumerable<string> names = topics.IsAll
            ? await _context.Topics.ListUserTopicsAsync(cancellationToken).ConfigureAwait(false)
            : topics.Names;
        List<MessageQueue> queues = [];
        foreach (string name in names)
        {
            IReadOnlyList<MessageQueue> of = await _context.Topics.QueuesAsync(name, cancellationToken).ConfigureAwait(false);
            if (_pulls.Count + queues.Count + of.Count > _context.Options.MaxTailQueues)
            {
                _context.Log.TailFull(_context.Options.MaxTailQueues, name);
                continue;
            }

            queues.AddRange(of.Where(queue => !_pulls.ContainsKey(queue)));
        }

        long[] offsets = await Task.WhenAll(queues.Select(queue => StartOfAsync(queue, atEnd, cancellationToken))).ConfigureAwait(false);
        foreach ((MessageQueue queue, long offset) in queues.Zip(offsets))
        {
            var pull = new TailPull(this, _context, queue, _filter, offset);
            _pulls.Add(queue, pull);
            pull.Start();
        }
    }

    private Task<long> StartOfAsync(MessageQueue queue, bool atEnd, CancellationToken cancellationToken)
        => ClusterErrors.TranslateAsync(atEnd
            ? _context.Reader.GetMaxOffsetAsync(queue, cancellationToken)
            : _context.Reader.GetMinOffsetAsync(queue, cancellationToken)).AsTask();

    private void Look()
    {
        lock (_look)
        {
            if (_look.CurrentCount == 0)
            {
                _look.Release();
            }
        }
    }

    /// <summary>Topics and queues that appear after the selection.</summary>
    private async Task WatchAsync()
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                await _look.WaitAsync(_context.Options.TopicInterval, stop).ConfigureAwait(false);
                await _changing.WaitAsync(stop).ConfigureAwait(false);
                try
                {
                    await EnterAsync(_selection, atEnd: false, stop).ConfigureAwait(false);
                }
                catch (BridgeException failure)
                {
                    _context.Log.TopicsFailed(failure.Message);
                }
                finally
                {
                    _changing.Release();
                }
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The tail is closed.
        }
        catch (Exception defect)
        {
            _context.Log.Defect(defect);
            throw;
        }
    }
}
