using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Reads the queues of a session's filters in turn, a bounded piece at a time, and makes deliveries of what it reads.</summary>
/// <remarks>Used by one feed. A copy for each filter that matches: 3.3.4 allows it, and each keeps its own order and place.</remarks>
internal sealed class SessionReader : IDisposable
{
    private const int MostAtOnce = 128;

    /// <summary>Bytes in the connection's queue above which nothing more is read.</summary>
    private const int ReadAheadBytes = 256 << 10;

    private readonly FeedContext _context;
    private readonly MqttSession _session;
    private readonly PersistentSession _kept;
    private readonly SessionFlight _flight;
    private readonly Action _wake;
    private readonly MessageBatch _batch = new();
    private readonly List<FilterCursor> _cursors = [];
    private readonly Dictionary<uint, FilterParts> _parts = [];
    private readonly Queue<FlightEntry> _resend = [];
    private readonly List<FlightEntry> _held = [];
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private Task _retry = Task.CompletedTask;
    private SubscriptionPosition[] _positions = [];
    private bool _isFound;
    private int _turn;
    private int _moved;

    public SessionReader(FeedContext context, MqttSession session, PersistentSession kept, SessionFlight flight, Action wake)
    {
        _context = context;
        _session = session;
        _kept = kept;
        _flight = flight;
        _wake = wake;
        foreach (FlightEntry entry in flight.ToResend())
            _resend.Enqueue(entry);
    }

    /// <summary>Entries read since the last snapshot.</summary>
    public int Moved => Volatile.Read(ref _moved);

    /// <summary>Whether there is a QoS 2 delivery that was not there before; its owner takes it back.</summary>
    public bool IsExactlyOnce { get; set; }

    /// <summary>Whether something of an earlier connection is still to be sent again.</summary>
    public bool IsResending => _resend.Count > 0;

    /// <summary>Whether nothing is left of what an owner that crashed may have sent.</summary>
    public bool IsPastSent => _kept.SentUntil == default || (_isFound && _cursors.TrueForAll(cursor => cursor.Next >= cursor.AwayUntil));

    /// <summary>Whether the connection has taken enough of what it was given.</summary>
    public bool HasRoom => _session.Deliveries.Bytes < ReadAheadBytes;

    /// <summary>Finds where the session was, and what was in flight.</summary>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        Apply();
        foreach (FilterParts parts in _parts.Values.ToArray())
            await FindAsync(parts, cancellationToken).ConfigureAwait(false);
        _isFound = true;
    }

    /// <summary>Reads what the session's record says now.</summary>
    public void Apply()
    {
        var queued = _kept.Record.Subscriptions.Where(subscription => subscription.IsQueued).ToDictionary(subscription => subscription.Number);
        _cursors.RemoveAll(cursor => !queued.ContainsKey(cursor.Subscription.Number));
        foreach (uint gone in _parts.Keys.Where(number => !queued.ContainsKey(number)).ToArray())
        {
            _parts.Remove(gone, out FilterParts? parts);
            parts!.Watch.Dispose();
        }

        foreach (FilterCursor cursor in _cursors)
            cursor.Subscription = queued[cursor.Subscription.Number];
        foreach (SessionSubscription subscription in queued.Values.Where(subscription => !_parts.ContainsKey(subscription.Number)))
            Begin(subscription);
        _positions = Positions();
    }

    /// <summary>Where each part of each queue is read on.</summary>
    public IReadOnlyList<SubscriptionPosition> Snapshot()
    {
        Volatile.Write(ref _moved, 0);
        return _positions;
    }

    /// <summary>Makes deliveries of what the client has room for; false when there was nothing to read.</summary>
    public async ValueTask<bool> ReadAsync(List<Delivery> ready, CancellationToken cancellationToken)
    {
        TakeHeld();
        bool any = await ResendAsync(ready, cancellationToken).ConfigureAwait(false);
        try
        {
            // What was in flight goes before what is new [MQTT-4.6.0-1].
            for (int i = 0; i < _cursors.Count && _resend.Count == 0 && ready.Count < MostAtOnce; i++)
            {
                FilterCursor cursor = _cursors[(_turn + i) % _cursors.Count];
                int room = _flight.Reserve(MostAtOnce - ready.Count);
                if (room == 0)
                    break;
                int before = ready.Count;
                try
                {
                    if (!_away.Contains(cursor.Broker) && cursor.TakeArrived())
                        any |= await ReadAsync(cursor, room, ready, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    cursor.Arrived();
                    throw;
                }
                finally
                {
                    _flight.Unreserve(room - CountTaken(ready, before));
                }
            }
        }
        finally
        {
            _turn++;
            if (any)
                _positions = Positions();
        }

        return any;
    }

    public void Dispose()
    {
        foreach (FilterParts parts in _parts.Values)
            parts.Watch.Dispose();
        _batch.Dispose();
    }

    private static int CountTaken(List<Delivery> ready, int from)
    {
        int count = 0;
        for (int i = from; i < ready.Count; i++)
            count += ready[i].Qos > 0 ? 1 : 0;
        return count;
    }

    private void Begin(SessionSubscription subscription)
    {
        var places = subscription.Start.ToDictionary(start => start.Broker, start => start.Offset);
        foreach (SubscriptionPosition saved in _kept.Progress?.Positions.Where(position => position.Number == subscription.Number) ?? [])
            places[saved.Position.Broker] = saved.Position.Offset;
        List<FilterCursor> cursors = [.. places.Select(place => new FilterCursor(subscription, place.Key, place.Value))];
        _cursors.AddRange(cursors);
        _parts[subscription.Number] = new FilterParts(subscription, cursors, _context.Queues.Watch(subscription.Filter, () => Arrived(cursors)));
    }

    private void Arrived(List<FilterCursor> cursors)
    {
        lock (cursors)
        {
            foreach (FilterCursor cursor in cursors)
                cursor.Arrived();
        }

        _wake();
    }

    /// <summary>Compares the places of a subscription with its queue: what came while the client was away, and how much of it may count.</summary>
    private async ValueTask FindAsync(FilterParts parts, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> filter = parts.Subscription.Filter;
        IReadOnlyList<FilterRange> ranges = await _context.Queues.FindAsync(filter, cancellationToken).ConfigureAwait(false);
        if (ranges.Count == 0)
        {
            SessionLog.QueueGone(_context.Logger, _kept.ClientId, System.Text.Encoding.UTF8.GetString(filter.Span));
            ranges = await _context.Queues.EnsureAsync(filter, cancellationToken).ConfigureAwait(false);
        }

        foreach (FilterRange range in ranges)
        {
            FilterCursor? cursor = parts.Cursors.Find(known => known.Broker == range.Broker);
            if (cursor is null)
            {
                // A broker that came to the cluster since: all of its part is new.
                cursor = new FilterCursor(parts.Subscription, range.Broker, range.MinOffset);
                _cursors.Add(cursor);
                lock (parts.Cursors)
                    parts.Cursors.Add(cursor);
            }

            cursor.AwayUntil = range.MaxOffset;
            long first = range.MaxOffset - _context.Options.MaximumBacklog;
            if (cursor.Next < first)
            {
                LeaveOut("backlog-limit", first - cursor.Next);
                cursor.Missing += first - cursor.Next;
                cursor.Next = first;
            }
        }
    }

    /// <summary>Messages that an earlier connection did not see acknowledged, under their packet identifiers [MQTT-4.4.0-1].</summary>
    private async ValueTask<bool> ResendAsync(List<Delivery> ready, CancellationToken cancellationToken)
    {
        bool any = false;
        while (_resend.Count > 0 && ready.Count < MostAtOnce && _flight.HasRoom)
        {
            FlightEntry entry = _resend.Peek();
            if (await TryReadAsync(entry.Place, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                Hold(_resend.Dequeue(), cancellationToken);
                continue;
            }

            _resend.Dequeue();
            any = true;
            _flight.Resume(entry.PacketId);
            if (!found || Encode(_batch[0], checkExpiry: !entry.IsSent) is not { } message || !MayReceive(message))
            {
                LeaveOut("backlog-gone", 1);
                _flight.TryRelease(entry.PacketId);
                continue;
            }

            SubscriptionIdentifiers identifiers = default(SubscriptionIdentifiers).With(entry.Identifier);
            ready.Add(new Delivery(message, entry.Qos, entry.Retain, identifiers) { PacketId = entry.PacketId, Dup = entry.IsSent });
        }

        return any;
    }

    /// <summary>Reads the message at a place into the batch; false when it is gone, null when its broker is not there now.</summary>
    private async ValueTask<bool?> TryReadAsync(QueuePosition place, CancellationToken cancellationToken)
    {
        _batch.Clear();
        if (_away.Contains(place.Broker))
            return null;
        try
        {
            return place.IsOfRetained
                ? await _context.Retained.ReadAtAsync(place.Offset, _batch, cancellationToken).ConfigureAwait(false)
                : await _context.Queues.ReadMessageAsync(place.Broker, place.Offset, _batch, cancellationToken).ConfigureAwait(false);
        }
        catch (BridgeException failed) when (failed.Error is BridgeError.Unreachable or BridgeError.Timeout)
        {
            SessionLog.ReadFailed(_context.Logger, _kept.ClientId, failed.Message);
            return null;
        }
    }

    /// <summary>It stays in flight until its broker is there again; nothing newer of that broker goes before it, what others have does.</summary>
    private void Hold(FlightEntry entry, CancellationToken cancellationToken)
    {
        _held.Add(entry);
        if (_away.Add(entry.Place.Broker) && _retry.IsCompleted)
            _retry = RetryAsync(cancellationToken);
    }

    private async Task RetryAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(_context.Options.StreamRetry, _context.Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _wake();
    }

    private void TakeHeld()
    {
        if (_held.Count == 0 || !_retry.IsCompleted)
            return;
        foreach (FlightEntry entry in _held)
            _resend.Enqueue(entry);
        _held.Clear();
        _away.Clear();
    }

    private async ValueTask<bool> ReadAsync(FilterCursor cursor, int room, List<Delivery> ready, CancellationToken cancellationToken)
    {
        bool wasAway = cursor.Next < cursor.AwayUntil;
        int max = wasAway ? (int)Math.Min(room, cursor.AwayUntil - cursor.Next) : room;
        FilterRead read = await _context.Queues.ReadAsync(cursor.Place, max, _batch, cancellationToken).ConfigureAwait(false);
        if (read.Missing > 0)
        {
            LeaveOut("backlog-gone", read.Missing);
            cursor.Missing += read.Missing;
        }

        for (int i = 0; i < _batch.Count; i++)
            Take(_batch[i], cursor, wasAway, ready);
        if (read.NextOffset == cursor.Next)
            return false;
        cursor.Next = read.NextOffset;
        cursor.Arrived();
        Interlocked.Add(ref _moved, Math.Max(1, _batch.Count));
        return true;
    }

    private void LeaveOut(string reason, long count)
    {
        _context.Metrics.Dropped(reason, (int)Math.Min(int.MaxValue, count));
        _kept.LeaveOut(count);
    }

    private void Take(in BridgeMessage message, FilterCursor cursor, bool wasAway, List<Delivery> ready)
    {
        SessionSubscription subscription = cursor.Subscription;
        byte published = MessageProperties5.QosOf(message.Properties);
        if (wasAway && published == 0 && !_context.Options.QueueQos0)
            return;
        if (subscription.NoLocal && message.Properties.TryGet(MessageProperties5.ClientName, out ReadOnlySpan<byte> publisher) && publisher.SequenceEqual(_session.ClientIdUtf8))
            return;
        if (Encode(message, checkExpiry: true) is not { } outgoing || !MayReceive(outgoing))
            return;
        byte qos = Math.Min(subscription.Qos, published);
        // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
        bool retain = outgoing.IsRetained && subscription.RetainAsPublished;
        ushort packetId = qos == 0 ? (ushort)0 : _flight.Add(qos, retain, subscription.Identifier, new QueuePosition(cursor.Broker, message.LogOffset));
        IsExactlyOnce |= qos == 2;
        // [MQTT-3.3.1-1]: nobody knows what an owner that crashed sent after its last save; of QoS 2 it was nothing.
        bool dup = wasAway && qos == 1 && _kept.MayHaveSent(message.StoredAt);
        int missing = (int)Math.Min(int.MaxValue, cursor.Missing);
        cursor.Missing = 0;
        ready.Add(new Delivery(outgoing, qos, retain, default(SubscriptionIdentifiers).With(subscription.Identifier)) { PacketId = packetId, Dup = dup, Missing = missing });
    }

    /// <summary>Before it counts as in flight: what the client may not receive is left out, and its reference given back.</summary>
    private bool MayReceive(OutgoingMessage message)
    {
        if (_session.Access?.MayReceive(message.Topic) != false)
            return true;
        message.Release();
        return false;
    }

    /// <summary>Null for a message that is of no use any more, or has no MQTT name.</summary>
    private OutgoingMessage? Encode(in BridgeMessage message, bool checkExpiry)
    {
        OutgoingEncoder encoder = _context.Encoder;
        long expiresAt = OutgoingEncoder.ExpiryOf(message);
        if (checkExpiry && expiresAt > 0 && expiresAt <= _context.Now)
        {
            // [MQTT-3.3.2-5]
            _context.Metrics.Dropped("expired");
            return null;
        }

        ReadOnlySpan<byte> name = encoder.NameOf(message);
        if (name.IsEmpty)
            _context.Metrics.Dropped("no-topic-name");
        else if (_session.Access?.MayReceive(name) != false)
            return encoder.Open(message, name, expiresAt);
        return null;
    }

    private SubscriptionPosition[] Positions()
        => [.. _cursors.Select(cursor => new SubscriptionPosition(cursor.Subscription.Number, new QueuePosition(cursor.Broker, cursor.Next)))];

    private sealed record FilterParts(SessionSubscription Subscription, List<FilterCursor> Cursors, IDisposable Watch);
}
