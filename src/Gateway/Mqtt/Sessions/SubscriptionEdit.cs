using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// What one SUBSCRIBE or UNSUBSCRIBE changes in the record of a session that outlives its connection: gathered filter by
/// filter, kept by one write, and only then acknowledged.
/// </summary>
/// <remarks>Used by the connection's reader.</remarks>
public sealed class SubscriptionEdit
{
    private readonly PersistentSession _session;
    private readonly SessionBook _book;
    private readonly Dictionary<byte[], SessionSubscription> _subscriptions = new(LevelComparer.Instance);
    private readonly List<ReadOnlyMemory<byte>> _taken = [];
    private readonly List<ReadOnlyMemory<byte>> _left = [];
    private uint _next;
    private bool _changed;

    public SubscriptionEdit(PersistentSession session, SessionBook book)
    {
        _session = session;
        _book = book;
        _next = session.Record.NextNumber;
        foreach (SessionSubscription subscription in session.Record.Subscriptions)
            _subscriptions[subscription.Filter.ToArray()] = subscription;
    }

    /// <summary>
    /// Subscribes, or subscribes again: then its place in the queue stays [MQTT-3.8.4-3] [MQTT-3.8.4-4]. Whether its
    /// messages come from a queue is answered: above QoS 0 they do, and where they did before.
    /// </summary>
    /// <exception cref="BridgeException">The filter can have no queue.</exception>
    public async ValueTask<bool> AddAsync(byte[] filter, byte options, uint identifier, bool isQueued, CancellationToken cancellationToken)
    {
        _subscriptions.TryGetValue(filter, out SessionSubscription? before);
        IReadOnlyList<QueuePosition> start = before?.Start ?? [];
        if (isQueued && start.Count == 0)
        {
            IReadOnlyList<FilterRange> ranges = await _book.Filters.TakeAsync(filter, cancellationToken).ConfigureAwait(false);
            _taken.Add(filter);
            start = [.. ranges.Select(range => new QueuePosition(range.Broker, range.MaxOffset))];
            before = null;
        }

        // What it was owed before, and did not get, it is owed still.
        byte owed = (byte)(before?.Options & SessionSubscription.RetainedOwed ?? 0);
        _subscriptions[filter] = new SessionSubscription(before?.Number ?? _next++, filter, (byte)(options | owed), identifier, start);
        _changed = true;
        return start.Count > 0;
    }

    /// <summary>Unsubscribes.</summary>
    public void Remove(ReadOnlySpan<byte> filter)
    {
        if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter, out _, out SessionSubscription? removed))
            return;
        if (removed.IsQueued)
            _left.Add(removed.Filter);
        _changed = true;
    }

    /// <summary>Keeps the changes; when it completes they are durable and in force.</summary>
    /// <exception cref="BridgeException">They could not be kept: nothing has changed.</exception>
    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        if (!_changed)
            return;
        try
        {
            SessionRecord record = _session.Record with { NextNumber = _next, Subscriptions = [.. _subscriptions.Values.OrderBy(subscription => subscription.Number)] };
            await _book.SaveAsync(_session, record).ConfigureAwait(false);
        }
        catch (BridgeException)
        {
            foreach (ReadOnlyMemory<byte> filter in _taken)
                await _book.Filters.ReleaseAsync(filter).ConfigureAwait(false);
            throw;
        }

        if (_session.Feed is { } feed)
            await feed.ApplyAsync(cancellationToken).ConfigureAwait(false);
        foreach (ReadOnlyMemory<byte> filter in _left)
            await _book.Filters.ReleaseAsync(filter).ConfigureAwait(false);
    }
}
