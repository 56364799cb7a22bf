namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>A session that outlives its connection, while this gateway has the connection.</summary>
public sealed class PersistentSession
{
    private bool _isLost;
    private long _leftOut;

    public PersistentSession(string clientId, SessionRecord record, bool isPresent)
    {
        ClientId = clientId;
        Key = SessionSpaces.KeyOf(clientId);
        Record = record;
        IsPresent = isPresent;
    }

    public string ClientId { get; }

    /// <summary>What its durable parts are kept under.</summary>
    public string Key { get; }

    /// <summary>Whether it was there before this connection: Session Present [MQTT-3.2.2-2].</summary>
    public bool IsPresent { get; }

    /// <summary>As it is kept. Changed by the connection's reader alone.</summary>
    public SessionRecord Record { get; set; }

    /// <summary>How far it was when this connection began; null for a new one.</summary>
    public ProgressRecord? Progress { get; init; }

    /// <summary>How far its subscriptions have what was retained; from the beginning of the connection on.</summary>
    public RetainedPlaces Retained { get; private set; } = new([]);

    /// <summary>
    /// Messages stored until then may have been sent after the last save of progress: the owner before did not get to end the
    /// session's connection in order. The least time there is when what was saved is exact.
    /// </summary>
    public DateTimeOffset SentUntil { get; init; }

    /// <summary>Messages that its client will never get, in all its time.</summary>
    public long LeftOut => Volatile.Read(ref _leftOut) + (Progress?.LeftOut ?? 0);

    /// <summary>What is in flight to its client; from the beginning of the connection on.</summary>
    public SessionFlight? Flight { get; private set; }

    /// <summary>What brings its messages; from CONNACK on.</summary>
    public SessionFeed? Feed { get; set; }

    /// <summary>Whether another connection, here or at another gateway, has it now: nothing of it is written any more.</summary>
    public bool IsLost
    {
        get => Volatile.Read(ref _isLost);
        set => Volatile.Write(ref _isLost, value);
    }

    /// <summary>Says whether another gateway wants the session; null where there is none.</summary>
    public SessionClaim? Claim { get; init; }

    /// <summary>Whether another gateway wants the session: nothing more is sent, and what was done is saved.</summary>
    public bool IsClaimed => Claim is { IsLost: true };

    /// <summary>Whether the connection has ended and the session is being saved.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Messages were left out.</summary>
    public void LeaveOut(long count) => Interlocked.Add(ref _leftOut, count);

    /// <summary>Begins the flight of a connection.</summary>
    /// <param name="window">Deliveries that the client takes without acknowledging.</param>
    public SessionFlight OpenFlight(int window)
    {
        Retained = new RetainedPlaces(Progress?.Retained ?? []);
        return Flight = new SessionFlight(Progress, SentUntil == default, window);
    }

    /// <summary>The number of a subscription that what was retained is owed to; 0 for none.</summary>
    public uint OwedTo(ReadOnlySpan<byte> filter)
    {
        foreach (SessionSubscription subscription in Record.Subscriptions)
        {
            if (subscription.IsRetainedOwed && subscription.Filter.Span.SequenceEqual(filter))
                return subscription.Number;
        }

        return 0;
    }

    /// <summary>The record without what is owed no longer.</summary>
    public SessionRecord Settled() => Record.Subscriptions.Any(IsSettled)
        ? Record with { Subscriptions = [.. Record.Subscriptions.Select(subscription => IsSettled(subscription) ? subscription with { Options = (byte)(subscription.Options & ~SessionSubscription.RetainedOwed) } : subscription)] }
        : Record;

    private bool IsSettled(SessionSubscription subscription) => subscription.IsRetainedOwed && Retained.IsDone(subscription.Number);

    /// <summary>Whether a message that progress does not cover may have been sent all the same.</summary>
    /// <param name="storedAt">When the broker stored it.</param>
    public bool MayHaveSent(DateTimeOffset storedAt) => SentUntil != default && storedAt <= SentUntil;
}
