namespace ProtoBridgeMQ.Client;

/// <summary>How a <see cref="Producer"/> sends.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class ProducerOptions
{
    /// <summary>Where the cluster is. Ignored when the producer shares a <see cref="ClusterConnection"/>.</summary>
    public ClientOptions Client { get; set; } = new();

    /// <summary>The producer group, as brokers list it. Default <c>protobridge-producer</c>.</summary>
    public string Group { get; set; } = "protobridge-producer";

    /// <summary>How long a send may take in all, retries included. Default 3 seconds.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long one try may take before the next broker is tried; at most <see cref="SendTimeout"/>. Default 3 seconds: the whole.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Further tries, on another broker where there is one, of sends that may choose their queue. Default 2.</summary>
    /// <remarks>A retry after a try that may have happened can store the message twice, under one message id.</remarks>
    public int Retries { get; set; } = 2;

    /// <summary>Whether a try whose outcome is unknown (timeout, broken connection) is tried again. Default true, as RocketMQ does; false never stores twice.</summary>
    public bool RetryWhenUnknown { get; set; } = true;

    /// <summary>Bodies over this many bytes are compressed. Default 4,096; <see cref="int.MaxValue"/> never.</summary>
    public int CompressOver { get; set; } = 4096;

    /// <summary>How bodies are compressed. Default <see cref="CompressionType.Zlib"/>, which consumers of all versions read.</summary>
    public CompressionType Compression { get; set; }

    /// <summary>Queues of a topic that is created by sending to it. Default 4.</summary>
    public int NewTopicQueues { get; set; } = 4;

    /// <summary>The topic whose route and settings a new topic inherits. Default <c>TBW102</c>; null never creates topics by sending.</summary>
    public string? NewTopicTemplate { get; set; } = "TBW102";

    /// <summary>Bytes of one request of a batch; larger batches are cut into several. Default 512 KiB.</summary>
    public int MaxBatchSize { get; set; } = 512 * 1024;

    /// <summary>Whether brokers that answer slowly or not at all are avoided for a while. Default true.</summary>
    public bool AvoidSlowBrokers { get; set; } = true;

    /// <summary>Who is told of sends. Default nobody.</summary>
    public IList<ISendHook> Hooks { get; } = [];

    /// <summary>The same for another group.</summary>
    internal ProducerOptions For(string group)
    {
        var options = (ProducerOptions)MemberwiseClone();
        options.Group = group;
        return options;
    }

    /// <summary>Looks whether the options are possible, as what they are made for does.</summary>
    /// <exception cref="ArgumentException">One is not: the message names it.</exception>
    public void Check() => Validate();

    internal void Validate()
    {
        Names.RequireGroup(Group);
        ClientOptions.Positive(SendTimeout, nameof(SendTimeout));
        ClientOptions.Positive(AttemptTimeout, nameof(AttemptTimeout));
        ClientOptions.Require(Retries is >= 0 and <= 16, nameof(Retries), "must be 0 to 16");
        ClientOptions.Require(CompressOver >= 0, nameof(CompressOver), "must not be negative");
        ClientOptions.Require(Enum.IsDefined(Compression), nameof(Compression), "must be Zlib or Lz4");
        ClientOptions.Require(NewTopicQueues is >= 1 and <= 1024, nameof(NewTopicQueues), "must be 1 to 1024");
        ClientOptions.Require(MaxBatchSize >= 1024, nameof(MaxBatchSize), "must be at least 1024 bytes");
    }
}
