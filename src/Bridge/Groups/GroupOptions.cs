using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>Limits and times of group consumption in a gateway.</summary>
public sealed class GroupOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Groups";

    /// <summary>Messages of one queue that are read ahead or handed out and not settled, at most: a queue with so many waits.</summary>
    [Range(1, 1_000_000)]
    public int MaxInFlightPerQueue { get; set; } = 1024;

    /// <summary>Bytes of one queue that are read ahead and not handed out, at most.</summary>
    [Range(1024, 1 << 30)]
    public int MaxReadAheadBytesPerQueue { get; set; } = 4 << 20;

    /// <summary>Messages of one read, at most.</summary>
    [Range(1, 1024)]
    public int ReadBatch { get; set; } = 64;

    /// <summary>How long a stream that opens waits for the first look at every queue. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan FirstLook { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long one read waits for the next message.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan ReadWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often progress is saved.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the gateway waits before it reads a queue that may have been another living member's a moment ago, so
    /// that this member can stop and save its progress: what it handled and did not save comes twice. Default 500 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan HandoverPause { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For how long after that it looks, at every <see cref="CommitInterval"/>, whether the former owner set progress back by saving late.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan HandoverWatch { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often leases are looked at: by so much a lease may last longer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan LeaseCheckInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Pause before a failed read, start or send-back is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a group or topic that no stream reads stays subscribed; then its queues go to others.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Groups of this gateway, at most.</summary>
    [Range(1, 1_000_000)]
    public int MaxGroups { get; set; } = 10_000;

    /// <summary>Streams of one group in this gateway, at most.</summary>
    [Range(1, 1_000_000)]
    public int MaxStreamsPerGroup { get; set; } = 10_000;

    /// <summary>Topics of one group in this gateway, at most.</summary>
    [Range(1, 100_000)]
    public int MaxTopicsPerGroup { get; set; } = 256;
}
