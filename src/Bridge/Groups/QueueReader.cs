using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>
/// Reads one assigned queue ahead, as far as its window and buffer have room. Its window and buffer are guarded by
/// the group's gate; the reading itself is a loop of its own.
/// </summary>
internal sealed class QueueReader : IAsyncDisposable
{
    private readonly GroupConsumer _owner;
    private readonly CancellationTokenSource _stop = new();
    private readonly StreamSignal _room;
    private readonly TimeSpan _pause;
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;

    /// <summary>A reader of a queue that was just assigned.</summary>
    /// <param name="owner">The group.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="pause">How long another member gets to stop and save its progress; then the start is looked up again.</param>
    public QueueReader(GroupConsumer owner, GroupQueue queue, long start, TimeSpan pause)
    {
        _owner = owner;
        _pause = pause;
        HasBegun = pause == TimeSpan.Zero;
        Queue = queue;
        Window = new QueueWindow(start, owner.Options.MaxInFlightPerQueue);
        Committed = start;
        _room = new StreamSignal(owner.Clock);
    }

    public GroupQueue Queue { get; }

    public QueueWindow Window { get; }

    public ReadAhead Ahead { get; } = new();

    /// <summary>The progress that was saved last.</summary>
    public long Committed { get; set; }

    /// <summary>Messages that were deleted before they were read, and that nobody was told of yet. Guarded by the group's gate.</summary>
    public long Missing { get; set; }

    /// <summary>Where the first of them was.</summary>
    public long MissingAt { get; set; }

    /// <summary>Completes when the first read ended: what lay in the queue at the start is read ahead then.</summary>
    public Task Looked => _looked.Task;

    /// <summary>The queue belongs to somebody else now. Guarded by the group's gate.</summary>
    public bool IsLost { get; set; }

    /// <summary>Its start is known for good; before, progress is the former owner's to save. Guarded by the group's gate.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Until then the former owner may set progress back, in ticks of the clock's UTC time. Guarded by the group's gate.</summary>
    public long WatchedUntil { get; private set; }

    /// <summary>The last word on its progress was said: nothing may be saved any more. Guarded by the group's gate.</summary>
    public bool IsFinal { get; set; }

    public void Start() => _loop = Task.Run(ReadAllAsync);

    /// <summary>A message left the window or the buffer.</summary>
    public void MadeRoom() => _room.Set();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _room.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAllAsync()
    {
        try
        {
            while (!HasBegun)
            {
                await BeginAsync().ConfigureAwait(false);
            }

            while (!_stop.IsCancellationRequested)
            {
                (int messages, int bytes) = _owner.Deliveries.RoomOf(this);
                if (messages == 0)
                {
                    await _room.WaitAsync(Timeout.InfiniteTimeSpan, _stop.Token).ConfigureAwait(false);
                    continue;
                }

                await ReadOnceAsync(messages, bytes).ConfigureAwait(false);
                _looked.TrySetResult();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The queue was lost, or the group is closing.
        }
        finally
        {
            _looked.TrySetResult();
        }
    }

    private async Task BeginAsync()
    {
        await Task.Delay(_pause, _owner.Clock, _stop.Token).ConfigureAwait(false);
        try
        {
            long start = await _owner.Source.FindStartAsync(Queue, GroupStart.Earliest, _stop.Token).ConfigureAwait(false);
            lock (_owner.Deliveries.Gate)
            {
                Window.MoveTo(start);
                Committed = Window.NextRead;
                WatchedUntil = (_owner.Clock.GetUtcNow() + _owner.Options.HandoverWatch).UtcTicks;
                HasBegun = true;
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _owner.Log.ReadFailed(_owner.Group, Queue.Topic, Queue.QueueId, failure.Message);
        }
    }

    private async Task ReadOnceAsync(int messages, int bytes)
    {
        MessageBatch batch = _owner.Deliveries.RentBatch();
        try
        {
            GroupRead read = await _owner.Source
                .ReadAsync(Queue, Window.NextRead, messages, bytes, Looked.IsCompleted ? _owner.Options.ReadWait : TimeSpan.Zero, batch, _stop.Token)
                .ConfigureAwait(false);
            if (read.Missed > 0)
            {
                _owner.Deliveries.Missed(this, read.Missed);
            }

            if (_owner.Deliveries.Arrived(this, batch, read.NextOffset))
            {
                return;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _owner.Deliveries.ReturnBatch(batch);
            throw;
        }
#pragma warning disable CA1031 // The loop of a queue must outlive whatever one read throws; it is logged and tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _owner.Log.ReadFailed(_owner.Group, Queue.Topic, Queue.QueueId, failure.Message);
            await Task.Delay(_owner.Options.RetryPause, _owner.Clock, _stop.Token).ConfigureAwait(false);
        }

        _owner.Deliveries.ReturnBatch(batch);
    }
}
