using System.Buffers.Text;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>
/// The transactions that have not ended, by the places of their half messages. It follows from the two queues alone: a
/// half message opens one, an op message that names it ends it, and a copy that names the one before takes its place.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OpenTransactions
{
    /// <summary>Ends that are remembered, so that one that is told twice is answered alike.</summary>
    private const int MostRemembered = 16_384;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, OpenTransaction> _byPlace = [];
    private readonly Queue<(long Op, long Highest)> _ops = new();
    private readonly Dictionary<long, RememberedEnd> _remembered = [];
    private readonly Queue<long> _rememberedOrder = new();
    private long _floor;
    private long _end;
    private long _opFloor;
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Begins at these places of the two queues.</summary>
    public void BeginAt(long half, long op)
    {
        _floor = half;
        _end = half;
        _opFloor = op;
    }

    /// <summary>A half message can be read now.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="physicalOffset">Its record.</param>
    /// <param name="since">When it was made or stored, the earlier one.</param>
    /// <param name="before">The place of the copy that it takes the place of; -1 for the first.</param>
    public void Arrived(long place, long physicalOffset, long since, long before)
    {
        lock (_lock)
        {
            if (!_byPlace.TryGetValue(place, out OpenTransaction? open))
            {
                open = Follow(place, since, before);
            }

            if (open.Confirmed <= place)
            {
                open.Confirmed = place;
                open.PhysicalOffset = physicalOffset;
            }

            _end = Math.Max(_end, place + 1);
        }
    }

    /// <summary>An op message can be read now.</summary>
    public void Ended(long op, ReadOnlySpan<byte> body)
    {
        lock (_lock)
        {
            long highest = -1;
            foreach (Range range in body.Split((byte)','))
            {
                ReadOnlySpan<byte> text = body[range];
                if (Utf8Parser.TryParse(text, out long place, out int used) && used == text.Length)
                {
                    highest = Math.Max(highest, place);
                    Forget(place);
                }
            }

            _ops.Enqueue((op, highest));
        }
    }

    /// <summary>
    /// Claims a transaction for one end. False when it has ended, or is being ended: <paramref name="open"/> or
    /// <paramref name="ended"/> say how, as far as it is known.
    /// </summary>
    public bool TryBegin(long place, TransactionResult result, out OpenTransaction? open, out TransactionResult? ended)
    {
        lock (_lock)
        {
            ended = null;
            if (!_byPlace.TryGetValue(place, out open))
            {
                ended = _remembered.GetValueOrDefault(place)?.Result;
                return false;
            }

            if (open.Ending is not null)
            {
                return false;
            }

            open.Ending = result;
            return true;
        }
    }

    /// <summary>The end of a claimed transaction could not be written: it goes on.</summary>
    public void GoOn(OpenTransaction open)
    {
        lock (_lock)
        {
            open.Ending = null;
        }
    }

    /// <summary>The end of a claimed transaction is written as far as the op message.</summary>
    public Task<bool> End(OpenTransaction open, OpWriter ops)
    {
        lock (_lock)
        {
            List<long> places = open.Earlier is { } earlier ? [.. earlier, open.Place] : [open.Place];
            var end = new RememberedEnd { Result = open.Ending!.Value };
            foreach (long place in places)
            {
                Remember(place, end);
            }

            return open.Ended = ops.PutAsync(places);
        }
    }

    /// <summary>Changes what is remembered of an end; false when it was not so, or is forgotten.</summary>
    public bool Change(long place, TransactionResult from, TransactionResult to)
    {
        lock (_lock)
        {
            if (_remembered.GetValueOrDefault(place) is not { } end || end.Result != from)
            {
                return false;
            }

            end.Result = to;
            return true;
        }
    }

    /// <summary>Puts a copy of a half message that takes its place. Not while it is ending: an end names every copy.</summary>
    public bool TryRenew(OpenTransaction open, MessageStore store, in MessageToStore copy, out AppendResult appended)
    {
        appended = default;
        lock (_lock)
        {
            if (open.Ending is not null || !_byPlace.ContainsKey(open.Place))
            {
                return false;
            }

            appended = store.Append(copy);
            if (appended.Status != AppendStatus.Appended)
            {
                return false;
            }

            (open.Earlier ??= []).Add(open.Place);
            open.Place = appended.QueueOffset;
            _byPlace[open.Place] = open;
            return true;
        }
    }

    /// <summary>Those that wait to be ended, whose newest copy can be read, in the order of their places.</summary>
    public List<OpenTransaction> Waiting()
    {
        lock (_lock)
        {
            var waiting = new List<OpenTransaction>(_count);
            foreach ((long place, OpenTransaction open) in _byPlace)
            {
                if (place == open.Place && place == open.Confirmed && open.Ending is null)
                {
                    waiting.Add(open);
                }
            }

            waiting.Sort(static (one, other) => one.Place.CompareTo(other.Place));
            return waiting;
        }
    }

    /// <summary>The half message is not in the log any more.</summary>
    public void Lost(OpenTransaction open)
    {
        lock (_lock)
        {
            Forget(open.Place);
        }
    }

    /// <summary>Whether a place is that far behind the newest.</summary>
    public bool IsBehind(long place, long by)
    {
        lock (_lock)
        {
            return _end - place > by;
        }
    }

    /// <summary>From where on the two queues are needed to know what is open.</summary>
    public (long Half, long Op) Progress()
    {
        lock (_lock)
        {
            // A copy counts when it is durable: until then the one before it must be found.
            while (_floor < _end && !(_byPlace.TryGetValue(_floor, out OpenTransaction? open) && open.Confirmed == _floor))
            {
                _floor++;
            }

            while (_ops.TryPeek(out (long Op, long Highest) first) && first.Highest < _floor)
            {
                _opFloor = _ops.Dequeue().Op + 1;
            }

            return (_floor, _opFloor);
        }
    }

    /// <summary>Where the first record of an open transaction is in the log; <see cref="long.MaxValue"/> without.</summary>
    public long LowestPhysicalOffset()
    {
        lock (_lock)
        {
            long lowest = long.MaxValue;
            foreach (OpenTransaction open in _byPlace.Values)
            {
                lowest = Math.Min(lowest, open.PhysicalOffset);
            }

            return lowest;
        }
    }

    private OpenTransaction Follow(long place, long since, long before)
    {
        if (before >= 0 && before != place && _byPlace.TryGetValue(before, out OpenTransaction? open))
        {
            (open.Earlier ??= []).Add(open.Place);
            open.Place = Math.Max(open.Place, place);
        }
        else
        {
            open = new OpenTransaction { Place = place, Since = since, Confirmed = place };
            _count++;
            if (before >= 0 && before != place)
            {
                open.Earlier = [before];
                _byPlace[before] = open;
            }
        }

        _byPlace[place] = open;
        return open;
    }

    private void Forget(long place)
    {
        if (!_byPlace.Remove(place, out OpenTransaction? open))
        {
            return;
        }

        _byPlace.Remove(open.Place);
        foreach (long earlier in open.Earlier ?? [])
        {
            _byPlace.Remove(earlier);
        }

        _count--;
    }

    private void Remember(long place, RememberedEnd end)
    {
        if (_remembered.TryAdd(place, end))
        {
            _rememberedOrder.Enqueue(place);
            if (_rememberedOrder.Count > MostRemembered)
            {
                _remembered.Remove(_rememberedOrder.Dequeue());
            }
        }
    }

    /// <summary>One end, under all places of its half message.</summary>
    private sealed class RememberedEnd
    {
        public TransactionResult Result { get; set; }
    }
}
