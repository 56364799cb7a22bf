using System.ComponentModel.DataAnnotations;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Retained;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>Limits and times of the bridge to a cluster of other processes.</summary>
public sealed class ClusterOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Cluster";

    /// <summary>Name servers, <c>host:port;host:port</c>.</summary>
    [Required]
    public string NameServers { get; set; } = "127.0.0.1:9876";

    /// <summary>The access key with which every request to name servers and brokers is signed; empty signs nothing.</summary>
    [StringLength(256)]
    public string AccessKey { get; set; } = string.Empty;

    /// <summary>The secret of the access key: it signs and is never sent.</summary>
    [StringLength(256)]
    public string SecretKey { get; set; } = string.Empty;

    /// <summary>The token of a temporary access key.</summary>
    [StringLength(4096)]
    public string SecurityToken { get; set; } = string.Empty;

    /// <summary>Largest body, as the brokers are configured (their maxMessageSize).</summary>
    [Range(1024, 512 << 20)]
    public int MaxBodySize { get; set; } = 4 << 20;

    /// <summary>The brokers' delay levels (their messageDelayLevel): a number and one of s, m, h, d each.</summary>
    [Required]
    public string DelayLevels { get; set; } = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

    /// <summary>How long a publish may take, retries included.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a request other than a publish may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Requests of one connection that may wait for their answers.</summary>
    [Range(1, 1_000_000)]
    public int MaxPendingRequests { get; set; } = 65_536;

    /// <summary>Queues of a topic that is created by publishing to it; the brokers may give it fewer.</summary>
    [Range(1, 1024)]
    public int NewTopicQueues { get; set; } = 8;

    /// <summary>How long the first publish to a new topic waits for the name servers to know the topic.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan NewTopicWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often topics that tails wait for are looked for.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan TopicInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the routes of the topics in use are asked for again: so long a broker that came back may stay unseen.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan RouteRefreshInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often name servers and brokers are asked whether they are there, for the gateway's readiness.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Messages of one queue that a tail reads ahead, at most.</summary>
    [Range(1, 1024)]
    public int TailBatch { get; set; } = 64;

    /// <summary>Queues that one tail reads, at most.</summary>
    [Range(1, 1_000_000)]
    public int MaxTailQueues { get; set; } = 16_384;

    /// <summary>How long brokers hold a read that finds nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan ReadWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause before a failed read is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Topics remembered to exist, at most.</summary>
    [Range(1, 10_000_000)]
    public int MaxKnownTopics { get; set; } = 20_000;

    /// <summary>Keys of the fronts' state, at most.</summary>
    [Range(1, 100_000_000)]
    public int MaxStateKeys { get; set; } = 1_000_000;

    /// <summary>Bytes of one value of the fronts' state, at most.</summary>
    [Range(16, 4 << 20)]
    public int MaxStateValueSize { get; set; } = 1 << 20;

    /// <summary>Bytes of records of the queue of a topic filter after which a read of a session asks for no further one.</summary>
    [Range(1024, 16 << 20)]
    public int FilterReadBytes { get; set; } = 256 << 10;

    /// <summary>Retained messages.</summary>
    [Required]
    public RetainedOptions Retained { get; set; } = new();

    /// <summary>Group consumption.</summary>
    [Required]
    public GroupOptions Groups { get; set; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(AccessKey) != string.IsNullOrEmpty(SecretKey))
        {
            yield return new ValidationResult("cluster.accessKey and cluster.secretKey belong together: set both, or none.", [nameof(SecretKey)]);
        }

        if (!string.IsNullOrEmpty(SecurityToken) && string.IsNullOrEmpty(AccessKey))
        {
            yield return new ValidationResult("cluster.securityToken needs cluster.accessKey and cluster.secretKey.", [nameof(SecurityToken)]);
        }
    }
}
