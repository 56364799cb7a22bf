namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>What became of a webhook's requests in the life of this process.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class WebhookCounts
{
    private long _taken;
    private long _failed;
    private long _dead;

    public long Taken => Volatile.Read(ref _taken);

    public long Failed => Volatile.Read(ref _failed);

    public long DeadLetters => Volatile.Read(ref _dead);

    /// <summary>What the last request came to; null before the first.</summary>
    public (DateTimeOffset At, string Text)? Last { get; private set; }

    public void Count(WebhookAnswer answer, DateTimeOffset now)
    {
        if (answer.IsTaken)
            Interlocked.Increment(ref _taken);
        else
            Interlocked.Increment(ref _failed);

        Last = (now, answer.Text);
    }

    public void Troubled(string why, DateTimeOffset now) => Last = (now, why);

    public void Died() => Interlocked.Increment(ref _dead);
}
