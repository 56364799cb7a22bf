namespace ProtoBridgeMQ.Client;

/// <summary>How a <see cref="SimpleConsumer"/> consumes.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class SimpleConsumerOptions
{
    /// <summary>Where the cluster is. Ignored when the consumer shares a <see cref="ClusterConnection"/>.</summary>
    public ClientOptions Client { get; set; } = new();

    /// <summary>The consumer group.</summary>
    public required string Group { get; set; }

    /// <summary>How long a received message is invisible to others: it comes again when it is not acknowledged until then. 1 second to 12 hours; default 1 minute.</summary>
    public TimeSpan InvisibleTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a queue gives nothing more before what it gave is acknowledged or visible again, so that its messages are handled in order.
    /// Default false.
    /// </summary>
    public bool Ordered { get; set; }

    /// <summary>Where the group begins when it has no progress: <see cref="ConsumeFrom.First"/> or <see cref="ConsumeFrom.Last"/>. Default first.</summary>
    public ConsumeFrom From { get; set; } = ConsumeFrom.First;

    internal void Validate()
    {
        Names.RequireGroup(Group);
        ClientOptions.Require(InvisibleTime >= TimeSpan.FromSeconds(1) && InvisibleTime <= TimeSpan.FromHours(12), nameof(InvisibleTime), "must be 1 second to 12 hours");
        ClientOptions.Require(From != ConsumeFrom.Timestamp, nameof(From), "cannot be a time: a pop begins at the oldest or the newest message");
    }
}
