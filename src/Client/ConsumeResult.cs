namespace ProtoBridgeMQ.Client;

/// <summary>What became of a delivery.</summary>
public readonly record struct ConsumeResult
{
    private ConsumeResult(bool success, int delayLevel)
    {
        IsSuccess = success;
        DelayLevel = delayLevel;
    }

    /// <summary>Handled: never again for this group. A default value is <see cref="RetryLater"/>.</summary>
    public static ConsumeResult Success => new(true, 0);

    /// <summary>Not handled: it comes again, each time later, and after the last try it is a dead letter.</summary>
    public static ConsumeResult RetryLater => default;

    /// <summary>Cannot be handled: to the group's dead letters at once.</summary>
    public static ConsumeResult DeadLetter => new(false, -1);

    /// <summary>Not handled: it comes again after that delay level (1 to 18; see <see cref="Message.DelayLevel"/>).</summary>
    public static ConsumeResult RetryAfter(int delayLevel)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(delayLevel);
        return new ConsumeResult(false, delayLevel);
    }

    /// <summary>Whether it was handled.</summary>
    public bool IsSuccess { get; }

    /// <summary>0: the broker chooses by the number of tries; below 0: a dead letter; else the delay level.</summary>
    public int DelayLevel { get; }
}
