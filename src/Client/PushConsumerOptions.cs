namespace ProtoBridgeMQ.Client;

/// <summary>How the members of a group share its messages.</summary>
public enum MessageModel
{
    /// <summary>Each message goes to one member; progress is kept by the brokers.</summary>
    Clustering,

    /// <summary>Each message goes to every member; progress is kept in a local file; failed messages do not come again.</summary>
    Broadcasting,
}

/// <summary>Where a group that has no progress in a queue begins.</summary>
public enum ConsumeFrom
{
    /// <summary>At messages that come after it started.</summary>
    Last,

    /// <summary>At the oldest message kept.</summary>
    First,

    /// <summary>At the first message stored at or after a time.</summary>
    Timestamp,
}

/// <summary>How a <see cref="PushConsumer"/> consumes.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class PushConsumerOptions
{
    /// <summary>Where the cluster is. Ignored when the consumer shares a <see cref="ClusterConnection"/>.</summary>
    public ClientOptions Client { get; set; } = new();

    /// <summary>The consumer group. All its members must subscribe to the same topics with the same expressions.</summary>
    public required string Group { get; set; }

    /// <summary>How members share messages. Default clustering.</summary>
    public MessageModel Model { get; set; }

    /// <summary>Where the group begins when it has no progress. Default at messages that come later.</summary>
    public ConsumeFrom From { get; set; }

    /// <summary>The time for <see cref="ConsumeFrom.Timestamp"/>; null means half an hour before the start.</summary>
    public DateTimeOffset? FromTime { get; set; }

    /// <summary>Handlers that run at once, at most. Default 20.</summary>
    public int MaxConcurrency { get; set; } = 20;

    /// <summary>Messages of one queue that are read and not handled, at most: then the queue is not read on. Default 1,000.</summary>
    public int MaxMessagesPerQueue { get; set; } = 1000;

    /// <summary>Bytes of bodies of one queue that are read and not handled, at most. Default 16 MiB.</summary>
    public long MaxBytesPerQueue { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How far the newest read message of a queue may be ahead of the oldest unhandled one, in offsets: one stuck
    /// handler must not let an unlimited number of messages be handled twice after a crash. Default 2,000.
    /// </summary>
    public int MaxSpanPerQueue { get; set; } = 2000;

    /// <summary>Messages of one pull, at most. Default 32.</summary>
    public int PullBatch { get; set; } = 32;

    /// <summary>How long a broker holds a pull that finds nothing. Default 15 seconds.</summary>
    public TimeSpan PullWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause after a failed pull, and before a message that could not be sent back is handled again. Default 3 seconds.</summary>
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the queues are shared out anew without being told to. Default 20 seconds.</summary>
    public TimeSpan RebalanceInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often progress is committed. Default 5 seconds.</summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Tries after which a message becomes a dead letter. Default 16; -1 leaves it to the broker's setting of the group.</summary>
    public int MaxReconsumeTimes { get; set; } = 16;

    /// <summary>
    /// Whether the messages of a queue are handled one after the other, in their order. Queues run beside each other, and each is locked at
    /// its broker, so that no other member handles it at the same time. Default false.
    /// </summary>
    public bool Ordered { get; set; }

    /// <summary>How long a queue stands still before a message that was not handled is handled again, when <see cref="Ordered"/>. Default 1 second.</summary>
    public TimeSpan SuspendTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Further tries of a message, when <see cref="Ordered"/>, after which it becomes a dead letter and its queue goes on. Default
    /// <see cref="int.MaxValue"/>: the order is kept whatever happens. Tries are counted by this member since it has the queue.
    /// </summary>
    public int MaxOrderedTries { get; set; } = int.MaxValue;

    /// <summary>Keeps the progress in place of brokers or local files; null (the default) for those. Not disposed by the consumer.</summary>
    public IOffsetStore? OffsetStore { get; set; }

    /// <summary>Who is told of what is handled. Default nobody.</summary>
    public IList<IConsumeHook> Hooks { get; } = [];

    /// <summary>How long stopping waits for running handlers. Default 30 seconds; after that their tokens are cancelled.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Directory of the files with broadcast offsets. Default <c>.protobridgemq/offsets</c> in the user's home.</summary>
    public string LocalOffsetDirectory { get; set; }
        = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".protobridgemq", "offsets");

    /// <summary>Looks whether the options are possible, as what they are made for does.</summary>
    /// <exception cref="ArgumentException">One is not: the message names it.</exception>
    public void Check() => Validate();

    internal void Validate()
    {
        Names.RequireGroup(Group);
        ClientOptions.Require(MaxConcurrency is >= 1 and <= 10_000, nameof(MaxConcurrency), "must be 1 to 10,000");
        ClientOptions.Require(MaxMessagesPerQueue >= 1, nameof(MaxMessagesPerQueue), "must be at least 1");
        ClientOptions.Require(MaxBytesPerQueue >= 1, nameof(MaxBytesPerQueue), "must be at least 1");
        ClientOptions.Require(MaxSpanPerQueue >= 1, nameof(MaxSpanPerQueue), "must be at least 1");
        ClientOptions.Require(PullBatch is >= 1 and <= 1024, nameof(PullBatch), "must be 1 to 1024");
        ClientOptions.Positive(PullWait, nameof(PullWait));
        ClientOptions.Positive(RetryPause, nameof(RetryPause));
        ClientOptions.Positive(RebalanceInterval, nameof(RebalanceInterval));
        ClientOptions.Positive(SuspendTime, nameof(SuspendTime));
        ClientOptions.Require(MaxOrderedTries >= 0, nameof(MaxOrderedTries), "must not be negative");
        ClientOptions.Positive(CommitInterval, nameof(CommitInterval));
        ClientOptions.Positive(StopTimeout, nameof(StopTimeout));
        ClientOptions.Require(!string.IsNullOrEmpty(LocalOffsetDirectory), nameof(LocalOffsetDirectory), "is empty");
        ClientOptions.Require(MaxReconsumeTimes >= -1, nameof(MaxReconsumeTimes), "must be -1 or more");
    }
}
