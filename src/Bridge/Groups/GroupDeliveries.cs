using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>
/// The messages of a group on their way: from the readers' buffers to streams with credit, and from streams back to
/// progress, retry topic or dead letters. One gate guards all of it and is never held over an await.
/// </summary>
internal sealed class GroupDeliveries(GroupConsumer owner)
{
    private const int MaxSpareBatches = 64;

    private readonly List<GroupStream> _streams = [];
    private readonly List<QueueReader> _readers = [];
    private readonly InFlightTable _inFlight = new();
    private readonly Stack<MessageBatch> _spareBatches = new();

    /// <summary>The streams that wait, the one that has waited longest first: it is woken first, so that all get their turn.</summary>
    private readonly LinkedList<GroupStream> _waiting = new();
    private bool _closed;
    private int _buffered;
    private int _turn;

    /// <summary>Guards streams, readers, their windows and buffers, and the table of deliveries.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The streams; read under the gate.</summary>
    public List<GroupStream> Streams => _streams;

    /// <summary>The readers; read under the gate.</summary>
    public List<QueueReader> Readers => _readers;

    /// <summary>Whether an operator set the progress of a queue that is read.</summary>
    public bool HasReset()
    {
        lock (Gate)
        {
            foreach (QueueReader reader in _readers)
            {
                if (owner.Source.IsReset(reader.Queue))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public void Add(GroupStream stream)
    {
        lock (Gate)
        {
            _streams.Add(stream);
        }
    }

    public void Add(QueueReader reader)
    {
        lock (Gate)
        {
            _readers.Add(reader);
        }
    }

    /// <summary>Hands out what is there, as much as the stream's fair share and credit allow.</summary>
    public int Take(GroupStream stream, MessageBatch batch, int max)
    {
        int taken = 0;
        lock (Gate)
        {
            ObjectDisposedException.ThrowIf(stream.IsClosed, stream);
            if (stream.Place.List is null)
            {
                _waiting.AddLast(stream.Place);
            }

            int limit = Math.Min(max, Math.Max(1, (_buffered + _waiting.Count - 1) / _waiting.Count));
            long leaseEnd = (owner.Clock.GetUtcNow() + stream.Lease).UtcTicks;
            for (int i = 0; i < _readers.Count && taken < limit; i++)
            {
                taken += TakeFrom(_readers[(_turn + i) % _readers.Count], stream, batch, limit - taken, leaseEnd);
            }

            _turn = (_turn + 1) & int.MaxValue;
            if (taken > 0)
            {
                StopWaiting(stream);
            }
            else
            {
                WakeAfter(stream);
            }
        }

        if (taken > 0)
        {
            GroupMetrics.Delivered.Add(taken);
        }

        return taken;
    }

    /// <summary>The stream stopped waiting.</summary>
    public void GiveUp(GroupStream stream)
    {
        lock (Gate)
        {
            StopWaiting(stream);
        }
    }

    public ValueTask SettleAsync(DeliveryId id, Settlement settlement, CancellationToken cancellationToken)
    {
        Delivery? delivery;
        lock (Gate)
        {
            delivery = _inFlight.Find(id);
            if (delivery is null)
            {
                return ValueTask.FromException(new BridgeException(
                    BridgeError.DeliveryUnknown,
                    "The delivery is not in flight: it was settled, its lease ran out, or its queue went to another member."));
            }

            if (settlement.Outcome == Outcome.Extend)
            {
                delivery.LeaseEnd = (owner.Clock.GetUtcNow() + Clamp(settlement.Time)).UtcTicks;
                return ValueTask.CompletedTask;
            }

            _inFlight.Remove(delivery);
            if (settlement.Outcome == Outcome.Accept)
            {
                Settled(delivery);
                GroupMetrics.Accepted.Add(1);
                return ValueTask.CompletedTask;
            }
        }

        return SendAwayAsync(delivery, settlement, cancellationToken);
    }

    /// <summary>The stream goes; what it held comes again at once.</summary>
    public async ValueTask LeaveAsync(GroupStream stream)
    {
        List<Delivery> held = [];
        lock (Gate)
        {
            if (!_streams.Remove(stream))
            {
                return;
            }

            StopWaiting(stream);
            _inFlight.TakeOf(stream, held);
        }

        await Task.WhenAll(held.Select(TakeBackAsync)).ConfigureAwait(false);
    }

    /// <summary>The queues belong to others now: their messages and deliveries are forgotten.</summary>
    public void Lose(List<QueueReader> lost)
    {
        lock (Gate)
        {
            foreach (QueueReader reader in lost)
            {
                Forget(reader);
                _readers.Remove(reader);
            }
        }
    }

    /// <summary>
    /// The members changed this moment: whatever is not kept is given up, with its progress saved, before this returns.
    /// The readers stay in the list until <see cref="Lose"/> takes them out.
    /// </summary>
    public void GiveUp(IReadOnlyCollection<GroupQueue> kept, GroupProgress progress)
    {
        lock (Gate)
        {
            foreach (QueueReader reader in _readers)
            {
                if (!reader.IsLost && !kept.Contains(reader.Queue))
                {
                    Forget(reader);
                    progress.SaveLast(reader);
                }
            }
        }
    }

    /// <summary>Takes back every delivery whose lease ended.</summary>
    public void TakeBackExpired(long now)
    {
        List<Delivery> expired;
        lock (Gate)
        {
            if (_inFlight.Count == 0)
            {
                return;
            }

            expired = [];
            _inFlight.TakeExpired(now, expired);
        }

        foreach (Delivery delivery in expired)
        {
            GroupMetrics.LeasesExpired.Add(1);
            _ = TakeBackAsync(delivery);
        }
    }

    /// <summary>Nothing is handed out or kept any more.</summary>
    public void Close()
    {
        lock (Gate)
        {
            _closed = true;
            while (_spareBatches.TryPop(out MessageBatch? batch))
            {
                batch.Dispose();
            }
        }
    }

    /// <summary>How much a reader may read now; no messages when it must wait for room.</summary>
    public (int Messages, int Bytes) RoomOf(QueueReader reader)
    {
        lock (Gate)
        {
            long bytes = owner.Options.MaxReadAheadBytesPerQueue - reader.Ahead.Bytes;
            return bytes <= 0 || reader.IsLost ? (0, 0) : (Math.Min(reader.Window.Room, owner.Options.ReadBatch), (int)bytes);
        }
    }

    /// <summary>Messages were deleted before they were read: the next one of the queue tells how many.</summary>
    public void Missed(QueueReader reader, long count)
    {
        GroupMetrics.Missed.Add(count);
        owner.Log.Missed(owner.Group, count, reader.Queue.Topic, reader.Queue.QueueId, reader.Window.NextRead);
        lock (Gate)
        {
            // What is read ahead comes before the gap.
            reader.MissingAt = reader.Missing == 0 ? reader.Window.NextRead : reader.MissingAt;
            reader.Missing += count;
        }
    }

    /// <summary>A reader's batch; true when it was taken over, false when the reader may use it again.</summary>
    public bool Arrived(QueueReader reader, MessageBatch batch, long nextOffset)
    {
        lock (Gate)
        {
            if (reader.IsLost)
            {
                return false;
            }

            for (int i = 0; i < batch.Count; i++)
            {
                reader.Window.Add(batch[i].QueueOffset);
            }

            if (nextOffset < reader.Window.NextRead && batch.Count == 0 && !reader.Window.TryRestart(nextOffset))
            {
                throw new BridgeException(BridgeError.Busy, "the queue was cut while messages of it are in flight");
            }

            reader.Window.MoveTo(nextOffset);
            if (batch.Count == 0)
            {
                return false;
            }

            reader.Ahead.Add(batch);
            _buffered += batch.Count;
            LinkedListNode<GroupStream>? next = _waiting.First;
            for (int i = 0; i < batch.Count && next is not null; i++, next = next.Next)
            {
                next.Value.Arrival.Set();
            }

            return true;
        }
    }

    public MessageBatch RentBatch()
    {
        lock (Gate)
        {
            return _spareBatches.TryPop(out MessageBatch? batch) ? batch : new MessageBatch();
        }
    }

    public void ReturnBatch(MessageBatch batch)
    {
        batch.Clear();
        lock (Gate)
        {
            if (_spareBatches.Count < MaxSpareBatches && !_closed)
            {
                _spareBatches.Push(batch);
                return;
            }
        }

        batch.Dispose();
    }

    private void Forget(QueueReader reader)
    {
        List<Delivery> forgotten = [];
        reader.IsLost = true;
        _inFlight.TakeOf(reader, forgotten);
        _buffered -= reader.Ahead.Count;
        reader.Ahead.Clear();
        forgotten.ForEach(_inFlight.Recycle);
    }

    private int TakeFrom(QueueReader reader, GroupStream stream, MessageBatch batch, int limit, long leaseEnd)
    {
        int taken = 0;
        while (taken < limit && reader.Ahead.TryTake(stream, owner.Topics, out BridgeMessage message, out MessageBatch? emptied))
        {
            var held = new HeldMessage(reader.Queue, message.QueueOffset, message.MessageId, message.Topic, message.Attempt);
            DeliveryId id = _inFlight.Add(reader, held, stream, leaseEnd);
            long missing = 0;
            if (reader.Missing > 0 && message.QueueOffset >= reader.MissingAt)
            {
                missing = reader.Missing;
                reader.Missing = 0;
            }

            batch.AddCopy(message with { Delivery = id, Missing = missing });
            if (emptied is not null)
            {
                emptied.Clear();
                _spareBatches.Push(emptied);
            }

            taken++;
        }

        if (taken > 0)
        {
            _buffered -= taken;
            reader.MadeRoom();
        }

        return taken;
    }

    private async ValueTask SendAwayAsync(Delivery delivery, Settlement settlement, CancellationToken cancellationToken)
    {
        bool done = false;
        try
        {
            if (settlement.Outcome == Outcome.DeadLetter)
            {
                await owner.Source.DeadLetterAsync(delivery.Message, cancellationToken).ConfigureAwait(false);
                GroupMetrics.DeadLettered.Add(1);
            }
            else
            {
                await owner.Source.SendBackAsync(delivery.Message, settlement.Time, cancellationToken).ConfigureAwait(false);
                GroupMetrics.SentBack.Add(1);
            }

            done = true;
        }
        finally
        {
            // When it failed the holder may settle again; else the lease decides.
            Finish(delivery, done);
        }
    }

    /// <summary>Sends a message back that nobody holds any more; what fails is tried again by <see cref="TakeBackExpired"/>.</summary>
    private async Task TakeBackAsync(Delivery delivery)
    {
        bool done = false;
        try
        {
            await owner.Source.SendBackAsync(delivery.Message, TimeSpan.Zero, owner.Stopping).ConfigureAwait(false);
            GroupMetrics.SentBack.Add(1);
            done = true;
        }
        catch (OperationCanceledException) when (owner.Stopping.IsCancellationRequested)
        {
            // It was not settled: the next member to read the queue gets it.
        }
#pragma warning disable CA1031 // Nobody awaits an answer: whatever was thrown is logged and tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            owner.Log.SendBackFailed(owner.Group, delivery.Message.Topic, delivery.Message.QueueOffset, failure.Message);
            delivery.Holder = null;
            delivery.LeaseEnd = (owner.Clock.GetUtcNow() + owner.Options.RetryPause).UtcTicks;
        }

        Finish(delivery, done);
    }

    private void Finish(Delivery delivery, bool done)
    {
        lock (Gate)
        {
            if (done)
            {
                Settled(delivery);
            }
            else if (!delivery.Reader.IsLost && !_closed)
            {
                _inFlight.PutBack(delivery);
            }
        }
    }

    private void Settled(Delivery delivery)
    {
        delivery.Reader.Window.Settle(delivery.Message.QueueOffset);
        delivery.Reader.MadeRoom();
        _inFlight.Recycle(delivery);
    }

    private void StopWaiting(GroupStream stream)
    {
        if (stream.Place.List is not null)
        {
            WakeAfter(stream);
            _waiting.Remove(stream.Place);
        }
    }

    /// <summary>What one stream leaves, because it has enough or does not select it, is for the next in line.</summary>
    private void WakeAfter(GroupStream stream)
    {
        if (_buffered > 0)
        {
            stream.Place.Next?.Value.Arrival.Set();
        }
    }

    private static TimeSpan Clamp(TimeSpan lease)
        => lease < TimeSpan.Zero ? TimeSpan.Zero : lease > SubscribeRequest.MaxLease ? SubscribeRequest.MaxLease : lease;
}
