namespace ProtoBridgeMQ.Client;

/// <summary>What a <see cref="Reader"/> reads.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class ReaderOptions
{
    /// <summary>Where the cluster is. Ignored when the reader shares a <see cref="ClusterConnection"/>.</summary>
    public ClientOptions Client { get; set; } = new();

    /// <summary>Which messages. Default all.</summary>
    public MessageFilter Filter { get; set; } = MessageFilter.All;

    /// <summary>Messages that are read ahead of the caller, of all queues together, at most (and one pull of each queue more). Default 1,000.</summary>
    public int MaxMessagesAhead { get; set; } = 1000;

    /// <summary>Messages of one pull, at most. Default 32.</summary>
    public int PullBatch { get; set; } = 32;

    /// <summary>How long a broker holds a pull that finds nothing. Default 15 seconds.</summary>
    public TimeSpan PullWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause after a failed pull. Default 1 second.</summary>
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(1);

    internal void Validate()
    {
        ClientOptions.Require(Filter is not null, nameof(Filter), "is null");
        ClientOptions.Require(MaxMessagesAhead >= 1, nameof(MaxMessagesAhead), "must be at least 1");
        ClientOptions.Require(PullBatch is >= 1 and <= 1024, nameof(PullBatch), "must be 1 to 1024");
        ClientOptions.Positive(PullWait, nameof(PullWait));
        ClientOptions.Positive(RetryPause, nameof(RetryPause));
    }
}
