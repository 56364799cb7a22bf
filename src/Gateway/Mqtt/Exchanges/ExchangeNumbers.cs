namespace ProtoBridgeMQ.Gateway.Mqtt.Exchanges;

/// <summary>
/// Numbers the QoS 2 messages of a session that outlives its connection, and knows which are on their way. Numbers begin
/// with the time, so that no earlier message of the client has a later one.
/// </summary>
/// <remarks>Not thread safe: <see cref="InboundExchanges"/> guards it.</remarks>
public sealed class ExchangeNumbers
{
    private const int BitsBelowTime = 20;

    private readonly Queue<Pending> _pending = new();
    private readonly TimeProvider _clock;
    private long _next;
    private bool _stopped;

    /// <summary>Begins at a number above the one given.</summary>
    public ExchangeNumbers(TimeProvider clock, long above)
    {
        _clock = clock;
        _next = Math.Max(above + 1, Now() << BitsBelowTime);
    }

    /// <summary>The number of the message that began last.</summary>
    public long Last => _next - 1;

    /// <summary>Whether messages are on their way to the log.</summary>
    public bool IsAnyPending => _pending.Count > 0;

    /// <summary>The topics of messages on their way to the log.</summary>
    public IEnumerable<string> PendingTopics => _pending.Select(pending => pending.Topic).Where(topic => topic.Length > 0);

    /// <summary>Numbers the next message.</summary>
    public void Begin(string topic) => _pending.Enqueue(new Pending(_next++, Now(), topic));

    /// <summary>The message that began first of those on their way was answered by the log.</summary>
    public void Complete()
    {
        if (!_stopped)
            _pending.TryDequeue(out _);
    }

    /// <summary>Of the message that began first of those on their way nobody knows the answer: it and those behind it stay on their way.</summary>
    public void Stop() => _stopped = true;

    /// <summary>What is settled now, for a record.</summary>
    public ExchangeRecord ToRecord(IReadOnlyList<ushort> received, IReadOnlyCollection<string> topics)
    {
        long now = Now();
        bool settled = !_pending.TryPeek(out Pending first);
        return new ExchangeRecord
        {
            Number = settled ? _next : first.Number,
            LookFrom = settled ? now : first.Since,
            WrittenAt = now,
            Received = received,
            Topics = topics,
        };
    }

    private long Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly record struct Pending(long Number, long Since, string Topic);
}
