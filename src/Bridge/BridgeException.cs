namespace ProtoBridgeMQ.Bridge;

/// <summary>A refusal that a front translates for its client.</summary>
public sealed class BridgeException : Exception
{
    /// <summary>Makes a refusal.</summary>
    /// <param name="error">The reason, for machines.</param>
    /// <param name="message">For people: what was wrong, where, and what to do. Sent to clients: no secrets, no stack.</param>
    /// <param name="mayHaveHappened">Whether the effect may have taken place all the same.</param>
    /// <param name="retryAfter">When another try is sensible.</param>
    /// <param name="innerException">What was caught.</param>
    public BridgeException(BridgeError error, string message, bool mayHaveHappened = false, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        MayHaveHappened = mayHaveHappened;
        RetryAfter = retryAfter;
    }

    /// <summary>The reason, for machines.</summary>
    public BridgeError Error { get; }

    /// <summary>True when it is unknown whether the message was stored.</summary>
    public bool MayHaveHappened { get; }

    /// <summary>When another try is sensible; null when never, or unknown.</summary>
    public TimeSpan? RetryAfter { get; }
}
