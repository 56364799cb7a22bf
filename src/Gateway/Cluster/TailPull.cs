using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>
/// Reads one queue for one tail: one batch ahead, then it waits until the tail has taken it. A slow tail is only
/// behind in the queue.
/// </summary>
internal sealed class TailPull : IAsyncDisposable
{
    private readonly TailStream _tail;
    private readonly TailContext _context;
    private readonly MessageQueue _queue;
    private readonly TagExpression _filter;
    private readonly MessageBatch _batch = new();
    private readonly SemaphoreSlim _taken = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;
    private long _offset;
    private int _given;

    public TailPull(TailStream tail, TailContext context, MessageQueue queue, TagExpression filter, long offset)
    {
        _tail = tail;
        _context = context;
        _queue = queue;
        _filter = filter;
        _offset = offset;
    }

    public MessageQueue Queue => _queue;

    public void Start() => _reading = Task.Run(ReadAsync);

    /// <summary>Moves messages into the tail's batch; true when there are none left here.</summary>
    public bool Give(MessageBatch batch, int max)
    {
        while (_given < _batch.Count && batch.Count < max)
        {
            MessageCopy.Add(_batch[_given++], batch);
        }

        if (_given < _batch.Count)
        {
            return false;
        }

        _taken.Release();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _taken.Dispose();
        _batch.Dispose();
    }

    private async Task ReadAsync()
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                try
                {
                    await StepAsync(stop).ConfigureAwait(false);
                }
                catch (ProtoBridgeMqException failure)
                {
                    _context.Log.ReadFailed(_queue.ToString(), _offset, failure.Message);
                    await Task.Delay(_context.Options.RetryPause, _context.Clock, stop).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The tail is closed, or selects other topics.
        }
        catch (Exception defect)
        {
            _context.Log.Defect(defect);
            throw;
        }
    }

    private async ValueTask StepAsync(CancellationToken stop)
    {
        _batch.Clear();
        _given = 0;
        using (PullResult result = await _context.Reader
            .PullAsync(_queue, _offset, _context.Options.TailBatch, _context.Options.ReadWait, _filter.Text, stop)
            .ConfigureAwait(false))
        {
            if (result.Status == PullStatus.OffsetIllegal)
            {
                _context.Log.TailMoved(_queue.ToString(), _offset, result.NextOffset);
                _offset = result.NextOffset;
                return;
            }

            foreach (MessageView view in result)
            {
                if (view.QueueOffset >= _offset && _filter.Matches(view.Tag))
                {
                    MessageCopy.Add(view, _queue, _batch, _context.Log);
                }
            }

            _offset = Math.Max(_offset, result.NextOffset);
        }

        if (_batch.Count > 0)
        {
            _tail.Offer(this);
            await _taken.WaitAsync(stop).ConfigureAwait(false);
        }
    }
}
