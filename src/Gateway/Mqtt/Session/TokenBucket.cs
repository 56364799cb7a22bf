namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// A rate with a burst: fills by the second, never above its size. What is larger than the size passes when there is
/// anything in it, and leaves a debt. A rate of 0 is no limit.
/// </summary>
/// <remarks>Not thread safe: its owner is.</remarks>
public struct TokenBucket
{
    private readonly double _rate;
    private readonly double _size;
    private double _tokens;
    private long _filled;

    /// <summary>Makes a full one.</summary>
    /// <param name="rate">Tokens a second; 0 for no limit.</param>
    /// <param name="burst">Seconds of the rate that it holds.</param>
    /// <param name="now">Timestamp.</param>
    public TokenBucket(double rate, TimeSpan burst, long now)
    {
        _rate = rate;
        _size = Math.Max(1, rate * burst.TotalSeconds);
        _tokens = _size;
        _filled = now;
    }

    /// <summary>Whether it is as full as it gets, so that it may be forgotten.</summary>
    public readonly bool IsFull => _tokens >= _size;

    /// <summary>Whether something may be taken now.</summary>
    public bool HasAny(long now, TimeProvider clock)
    {
        if (_rate <= 0)
            return true;
        _tokens = Math.Min(_size, _tokens + (clock.GetElapsedTime(_filled, now).TotalSeconds * _rate));
        _filled = now;
        return _tokens > 0;
    }

    /// <summary>Takes; after <see cref="HasAny"/> said yes.</summary>
    public void Take(double amount) => _tokens -= _rate <= 0 ? 0 : amount;

    /// <summary>How long until <see cref="HasAny"/> may say yes.</summary>
    public readonly TimeSpan Wait => _rate <= 0 || _tokens > 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / _rate);
}
