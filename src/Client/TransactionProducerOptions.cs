namespace ProtoBridgeMQ.Client;

/// <summary>How a <see cref="TransactionProducer"/> sends and answers.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class TransactionProducerOptions
{
    /// <summary>
    /// The producer group. Brokers ask any member of it about an open transaction, so every member must be able to tell: the same checker
    /// over the same database.
    /// </summary>
    public required string Group { get; set; }

    /// <summary>How it sends; its group and <see cref="ProducerOptions.Client"/> are where the cluster is. The group in it is not used.</summary>
    public ProducerOptions Sending { get; set; } = new();

    /// <summary>Checkers that run at once, at most. Default 4.</summary>
    public int MaxConcurrentChecks { get; set; } = 4;

    /// <summary>Questions of brokers that wait for a checker, at most; others are dropped, and asked again by the broker. Default 2,000.</summary>
    public int MaxWaitingChecks { get; set; } = 2000;

    /// <summary>
    /// How old an open transaction must be before the broker asks about it, in whole seconds; null leaves it to the broker (6 seconds
    /// by default). Longer than local transactions take. The broker also refuses a producer's own end after it, and waits for the checker's.
    /// </summary>
    public TimeSpan? CheckAfter { get; set; }

    internal ProducerOptions RequireSending()
    {
        ClientOptions.Require(Sending is not null, nameof(Sending), "is null");
        return Sending!;
    }

    internal void Validate()
    {
        Names.RequireGroup(Group);
        RequireSending();
        ClientOptions.Require(MaxConcurrentChecks is >= 1 and <= 1000, nameof(MaxConcurrentChecks), "must be 1 to 1,000");
        ClientOptions.Require(MaxWaitingChecks is >= 1 and <= 1_000_000, nameof(MaxWaitingChecks), "must be 1 to 1,000,000");
        if (CheckAfter is { } after)
        {
            ClientOptions.Require(after >= TimeSpan.FromSeconds(1) && after < TimeSpan.FromDays(3), nameof(CheckAfter), "must be 1 second to 3 days");
        }
    }
}
