namespace ProtoBridgeMQ.Client;

/// <summary>How a <see cref="PullConsumer"/> consumes.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class PullConsumerOptions
{
    /// <summary>Where the cluster is. Ignored when the consumer shares a <see cref="ClusterConnection"/>.</summary>
    public ClientOptions Client { get; set; } = new();

    /// <summary>The consumer group, in whose name queues are read and progress is kept.</summary>
    public required string Group { get; set; }

    /// <summary>How members share messages when topics are subscribed; queues that are assigned by hand are not shared. Default clustering.</summary>
    public MessageModel Model { get; set; }

    /// <summary>Where it begins in a queue in which the group has no progress. Default at messages that come later.</summary>
    public ConsumeFrom From { get; set; }

    /// <summary>The time for <see cref="ConsumeFrom.Timestamp"/>; null means half an hour before the start.</summary>
    public DateTimeOffset? FromTime { get; set; }

    /// <summary>
    /// Whether progress is committed by itself: every <see cref="CommitInterval"/>, and at the stop, up to what was handed out before the last
    /// poll. So a message is committed at the earliest when the next ones are asked for. Default true.
    /// </summary>
    public bool AutoCommit { get; set; } = true;

    /// <summary>How often progress is committed by itself. Default 5 seconds.</summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages of one queue that are read ahead, at most. Default 1,000.</summary>
    public int MaxMessagesPerQueue { get; set; } = 1000;

    /// <summary>Bytes of one queue that are read ahead, at most. Default 16 MiB.</summary>
    public long MaxBytesPerQueue { get; set; } = 16 * 1024 * 1024;

    /// <summary>Messages of one pull, at most. Default 32.</summary>
    public int PullBatch { get; set; } = 32;

    /// <summary>How long a broker holds a pull that finds nothing. Default 15 seconds.</summary>
    public TimeSpan PullWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause after a failed pull. Default 3 seconds.</summary>
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the queues are shared out anew without being told to. Default 20 seconds.</summary>
    public TimeSpan RebalanceInterval { get; set; } = TimeSpan.FromSeconds(20);

    internal void Validate()
    {
        Names.RequireGroup(Group);
        ClientOptions.Positive(CommitInterval, nameof(CommitInterval));
        ClientOptions.Require(MaxMessagesPerQueue >= 1, nameof(MaxMessagesPerQueue), "must be at least 1");
        ClientOptions.Require(MaxBytesPerQueue >= 1, nameof(MaxBytesPerQueue), "must be at least 1");
        ClientOptions.Require(PullBatch is >= 1 and <= 1024, nameof(PullBatch), "must be 1 to 1024");
        ClientOptions.Positive(PullWait, nameof(PullWait));
        ClientOptions.Positive(RetryPause, nameof(RetryPause));
        ClientOptions.Positive(RebalanceInterval, nameof(RebalanceInterval));
    }
}
