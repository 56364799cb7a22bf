using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// Begins, resumes and ends sessions that outlive their connections. What it answers is durable: a CONNACK, SUBACK or
/// UNSUBACK that follows stays true after a crash.
/// </summary>
public sealed class SessionBook : IDisposable
{
    private const int Lanes = 64;

    private readonly SessionStore _store;
    private readonly ProgressStore _progress;
    private readonly FeedContext? _feeds;
    private readonly GatewayPresence _presence;
    private readonly bool _isShared;
    private readonly IDisposable? _watch;
    private readonly ISessionPart[] _parts;
    private readonly MqttOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<SessionBook> _logger;
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly ConcurrentDictionary<string, PersistentSession> _open = new(StringComparer.Ordinal);
    private DateTimeOffset _startedAt;
    private int _count;

    public SessionBook(IMessageBridge bridge, SessionStore store, ProgressStore progress, FilterUses filters, GatewayPresence presence, IEnumerable<ISessionPart> parts, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, ILogger<SessionBook> logger)
    {
        _store = store;
        _progress = progress;
        Filters = filters;
        _presence = presence;
        _parts = [.. parts];
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        _isShared = bridge.Capabilities.IsShared;
        CanKeep = bridge.FilterQueues is not null && _options.MaximumSessionExpiry > TimeSpan.Zero;
        _feeds = bridge.FilterQueues is { } queues ? new FeedContext(queues, bridge.Retained, _options, metrics, clock, logger) : null;
        metrics.Meter.CreateObservableUpDownCounter("mqtt.sessions", () => Volatile.Read(ref _count), "{session}", "Sessions that outlive their connections, connected or not");
        _watch = _isShared ? bridge.State.Watch(SessionSpaces.Sessions, OnChanged) : null;
    }

    /// <summary>Whether sessions can outlive their connections here at all.</summary>
    public bool CanKeep { get; }

    /// <summary>Which filters have queues for whom.</summary>
    public FilterUses Filters { get; }

    /// <summary>The seconds that a session of this wish lives on; 0xFFFFFFFF wishes for ever.</summary>
    public uint Grant(uint seconds) => CanKeep ? (uint)Math.Min(seconds, (long)_options.MaximumSessionExpiry.TotalSeconds) : 0;

    /// <summary>
    /// Finds, makes or discards the session of a client that connects. Nobody else has the client identifier here.
    /// </summary>
    /// <param name="clientId">Given or assigned.</param>
    /// <param name="cleanStart">Whether what was there is discarded [MQTT-3.1.2-4].</param>
    /// <param name="expirySeconds">As granted.</param>
    /// <param name="claim">The connection's claim to the client; null where there are no other gateways.</param>
    /// <param name="cancellationToken">The connection ends.</param>
    /// <returns>Null for a session that is nothing but its connection.</returns>
    /// <exception cref="BridgeException">It cannot be kept.</exception>
    public async ValueTask<PersistentSession?> OpenAsync(string clientId, bool cleanStart, uint expirySeconds, SessionClaim? claim, CancellationToken cancellationToken)
    {
        if (!CanKeep)
            return null;
        string key = SessionSpaces.KeyOf(clientId);
        SemaphoreSlim lane = LaneOf(key);
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SessionRecord? record = await _store.FindAsync(key, cancellationToken).ConfigureAwait(false);
            if (record is not null && (cleanStart || await IsExpiredAsync(record, cancellationToken).ConfigureAwait(false)))
            {
                await EndAsync(clientId, key, record, cancellationToken).ConfigureAwait(false);
                record = null;
            }

            if (record is null && expirySeconds == 0)
                return null;
            return await TakeAsync(clientId, key, record, expirySeconds, claim).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>Keeps a changed record.</summary>
    /// <exception cref="BridgeException">It could not be kept; the session has the one before.</exception>
    public async ValueTask SaveAsync(PersistentSession session, SessionRecord record)
    {
        if (session.IsLost)
            throw new BridgeException(BridgeError.Busy, "Another connection has the session.");
        await _store.PutAsync(session.Key, record, CancellationToken.None).ConfigureAwait(false);
        session.Record = record;
    }

    /// <summary>The connection has ended: from now on the session's time runs, or it ends, too.</summary>
    public async ValueTask CloseAsync(PersistentSession session)
    {
        SemaphoreSlim lane = LaneOf(session.Key);
        await lane.WaitAsync().ConfigureAwait(false);
        session.IsEnding = true;
        try
        {
            if (session.Feed is { } feed)
                await feed.StopAsync().ConfigureAwait(false);
            if (session.IsLost)
                return;
            if (session.Record.ExpirySeconds == 0)
                await EndAsync(session.ClientId, session.Key, session.Record, CancellationToken.None).ConfigureAwait(false);
            else
                await SaveAsync(session, session.Settled() with { DisconnectedAt = Now() }).ConfigureAwait(false);
        }
        catch (BridgeException failed)
        {
            // Its owner is not seen any more at some time; then its time runs all the same.
            SessionLog.NotSaved(_logger, session.ClientId, failed.Message);
        }
        finally
        {
            _open.TryRemove(KeyValuePair.Create(session.Key, session));
            lane.Release();
        }
    }

    /// <summary>Ends the session of a client that is not connected; false when there is none.</summary>
    /// <exception cref="BridgeException">The client is connected, here again or at another gateway.</exception>
    public async ValueTask<bool> DiscardAsync(string clientId, CancellationToken cancellationToken)
    {
        string key = SessionSpaces.KeyOf(clientId);
        SemaphoreSlim lane = LaneOf(key);
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await _store.FindAsync(key, cancellationToken).ConfigureAwait(false) is not { } record)
                return false;
            bool isElsewhere = record.DisconnectedAt == 0
                && record.Owner != _presence.Name
                && await _presence.LastSeenAsync(record.Owner, cancellationToken).ConfigureAwait(false) >= Now();
            if (isElsewhere || _open.ContainsKey(key))
                throw new BridgeException(BridgeError.Busy, $"Client {clientId} is connected{(isElsewhere ? " to another gateway" : string.Empty)}.", retryAfter: TimeSpan.FromSeconds(1));
            // Not given up half-way: what is left of a session would belong to nobody.
            await EndAsync(clientId, key, record, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>What brings messages to a connection of the session.</summary>
    public SessionFeed MakeFeed(MqttConnection connection, MqttSession session, PersistentSession kept)
        => new(connection, session, kept, kept.Flight!, _progress, _feeds!);

    /// <summary>Has all sessions that are connected here save what is new.</summary>
    public void SaveAll()
    {
        foreach (PersistentSession session in _open.Values)
            session.Feed?.WantSave();
    }

    /// <summary>Counts the sessions that are there, and lets go what belongs to none; before anybody connects.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (KeyValuePair<string, SessionRecord> entry in _store.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            count++;
            if (!_isShared)
                Filters.Recount(entry.Value, 1);
        }

        Volatile.Write(ref _count, count);
        _startedAt = _clock.GetUtcNow();
        await Filters.DeleteUnusedAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch?.Dispose();
        _feeds?.Dispose();
        foreach (SemaphoreSlim lane in _lanes)
            lane.Dispose();
    }

    /// <summary>Ends sessions whose time is over; answers who owns the others.</summary>
    public async ValueTask<IReadOnlySet<string>> SweepAsync(CancellationToken cancellationToken)
    {
        var owners = new HashSet<string>(StringComparer.Ordinal);
        List<string> expired = [];
        List<string> left = [];
        int count = 0;
        await foreach (KeyValuePair<string, SessionRecord> entry in _store.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            count++;
            owners.Add(entry.Value.Owner);
            if (IsLeft(entry.Key, entry.Value))
                left.Add(entry.Key);
            else if (await IsExpiredAsync(entry.Value, cancellationToken).ConfigureAwait(false))
                expired.Add(entry.Key);
        }

        Volatile.Write(ref _count, count);
        foreach (string key in left)
            await CloseLeftAsync(key, cancellationToken).ConfigureAwait(false);
        // Of several gateways one ends them.
        if (_isShared && !await _presence.IsFirstAsync(cancellationToken).ConfigureAwait(false))
        {
            Filters.ForgetIdle();
            return owners;
        }

        if (Filters.HasIdle)
        {
            // When it completes, all that other gateways wrote before is counted.
            await _presence.SayAsync(cancellationToken).ConfigureAwait(false);
            await Filters.DeleteIdleAsync(cancellationToken).ConfigureAwait(false);
        }

        foreach (string key in expired)
            await EndIfExpiredAsync(key, cancellationToken).ConfigureAwait(false);
        return owners;
    }

    private async ValueTask<PersistentSession> TakeAsync(string clientId, string key, SessionRecord? record, uint expirySeconds, SessionClaim? claim)
    {
        if (record is null && Volatile.Read(ref _count) >= _options.MaximumSessions)
            throw new BridgeException(BridgeError.Busy, $"There are {_options.MaximumSessions} sessions already.");
        SessionRecord taken = record is null
            ? new SessionRecord { Owner = _presence.Name, Epoch = 1, ExpirySeconds = expirySeconds }
            : record with { ExpirySeconds = expirySeconds, DisconnectedAt = 0 };
        ProgressRecord? progress = await FindProgressAsync(key, taken).ConfigureAwait(false);
        if (taken.Owner != _presence.Name)
        {
            bool hasProgress = await _progress.FindAsync(key, taken.Epoch).ConfigureAwait(false) is not null;
            taken = taken with { Owner = _presence.Name, Epoch = taken.Epoch + 1, EpochBefore = hasProgress ? taken.Epoch : taken.EpochBefore };
        }

        // Not given up half-way: a record that nobody closes would never expire.
        await _store.PutAsync(key, taken, CancellationToken.None).ConfigureAwait(false);
        if (record is null)
            Interlocked.Increment(ref _count);
        if (taken.Epoch != record?.Epoch)
            progress = await MoveProgressAsync(key, taken).ConfigureAwait(false);
        var session = new PersistentSession(clientId, taken, isPresent: record is not null)
        {
            Progress = progress,
            Claim = claim,
            SentUntil = SentUntil(record, progress),
        };
        _open[key] = session;
        return session;
    }

    /// <summary>Messages stored until then may have been sent though nothing that was saved says so; the least there is when all is known.</summary>
    private DateTimeOffset SentUntil(SessionRecord? before, ProgressRecord? progress)
    {
        if (before is null || (before.DisconnectedAt > 0 && progress is not { IsFinal: false }))
            return DateTimeOffset.MinValue;
        // Alone on its brokers, an owner from before ended before this one started.
        return _isShared || before.Owner == _presence.Name ? DateTimeOffset.MaxValue : _startedAt;
    }

    private async ValueTask<ProgressRecord?> FindProgressAsync(string key, SessionRecord record)
        => await _progress.FindAsync(key, record.Epoch).ConfigureAwait(false) ?? await _progress.FindAsync(key, record.EpochBefore).ConfigureAwait(false);

    /// <summary>What the owner before saved last becomes this owner's: it is looked at once the session is this owner's.</summary>
    private async ValueTask<ProgressRecord?> MoveProgressAsync(string key, SessionRecord record)
    {
        if (await _progress.FindAsync(key, record.EpochBefore).ConfigureAwait(false) is not { } progress)
            return null;
        await _progress.PutAsync(key, record.Epoch, progress).ConfigureAwait(false);
        await _progress.DeleteAsync(key, record.EpochBefore).ConfigureAwait(false);
        return progress;
    }

    /// <summary>A session of this gateway without a connection that could not be saved when it lost it: its time runs from now on.</summary>
    private async ValueTask CloseLeftAsync(string key, CancellationToken cancellationToken)
    {
        SemaphoreSlim lane = LaneOf(key);
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await _store.FindAsync(key, cancellationToken).ConfigureAwait(false) is not { } record || !IsLeft(key, record))
                return;
            // What an earlier connection saved at its end does not say what this one sent.
            if (await FindProgressAsync(key, record).ConfigureAwait(false) is { IsFinal: true } progress)
                await _progress.PutAsync(key, record.Epoch, progress with { IsFinal = false }).ConfigureAwait(false);
            await _store.PutAsync(key, record with { DisconnectedAt = Now() }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    private bool IsLeft(string key, SessionRecord record) => record.DisconnectedAt == 0 && record.Owner == _presence.Name && !_open.ContainsKey(key);

    private async ValueTask EndIfExpiredAsync(string key, CancellationToken cancellationToken)
    {
        SemaphoreSlim lane = LaneOf(key);
        await lane.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_open.ContainsKey(key)
                && await _store.FindAsync(key, cancellationToken).ConfigureAwait(false) is { } record
                && await IsExpiredAsync(record, cancellationToken).ConfigureAwait(false))
            {
                await EndAsync(SessionSpaces.ClientIdOf(key), key, record, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            lane.Release();
        }
    }

    private async ValueTask EndAsync(string clientId, string key, SessionRecord record, CancellationToken cancellationToken)
    {
        foreach (ISessionPart part in _parts)
            await part.OnSessionEndedAsync(clientId, cancellationToken).ConfigureAwait(false);
        await _progress.DeleteAsync(key, record.Epoch).ConfigureAwait(false);
        await _progress.DeleteAsync(key, record.EpochBefore).ConfigureAwait(false);
        await _store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        foreach (SessionSubscription subscription in record.Subscriptions.Where(subscription => subscription.IsQueued))
            await Filters.ReleaseAsync(subscription.Filter).ConfigureAwait(false);
        Interlocked.Decrement(ref _count);
        SessionLog.Ended(_logger, clientId);
    }

    private async ValueTask<bool> IsExpiredAsync(SessionRecord record, CancellationToken cancellationToken)
    {
        long now = Now();
        long seen = record.DisconnectedAt > 0 ? now : await _presence.LastSeenAsync(record.Owner, cancellationToken).ConfigureAwait(false);
        return record.IsExpired(now, seen);
    }

    /// <summary>A session's record is another one now. Under a lock of the state: what takes time is done elsewhere.</summary>
    private void OnChanged(string key, ReadOnlyMemory<byte>? before, ReadOnlyMemory<byte>? after)
    {
        SessionRecord? present = after is { } bytes ? SessionCodec.Decode(bytes) : null;
        if (before is { } old && SessionCodec.Decode(old) is { } gone)
            Filters.Recount(gone, -1);
        if (present is not null)
            Filters.Recount(present, 1);
        if (!_open.TryGetValue(key, out PersistentSession? session) || session.IsEnding || session.IsLost || present?.Owner == _presence.Name)
            return;
        if (present is null || present.Epoch < session.Record.Epoch)
        {
            // An owner from before wrote late.
            ThreadPool.UnsafeQueueUserWorkItem(static again => _ = again.Book.SaveAgainAsync(again.Session), (Book: this, Session: session), preferLocal: false);
            return;
        }

        session.IsLost = true;
        if (session.Claim is { } claim)
            ThreadPool.UnsafeQueueUserWorkItem(static lost => lost.Connection.Close(new ProtocolError(ReasonCode.SessionTakenOver, "another gateway has the session")), claim, preferLocal: false);
    }

    private async Task SaveAgainAsync(PersistentSession session)
    {
        try
        {
            if (!session.IsEnding)
                await SaveAsync(session, session.Record).ConfigureAwait(false);
        }
        catch (BridgeException failed)
        {
            SessionLog.NotSaved(_logger, session.ClientId, failed.Message);
        }
    }

    private long Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private SemaphoreSlim LaneOf(string key) => _lanes[(uint)StringComparer.Ordinal.GetHashCode(key) % Lanes];
}
