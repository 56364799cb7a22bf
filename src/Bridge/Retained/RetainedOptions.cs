using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>Limits of retained messages.</summary>
public sealed class RetainedOptions
{
    /// <summary>Retained messages, at most; one more is refused. Each costs about 70 bytes of memory and its topic name.</summary>
    [Range(1, 100_000_000)]
    public int MaxMessages { get; set; } = 1_000_000;

    /// <summary>Bytes of all retained messages in the log, at most; what would be more is refused.</summary>
    [Range(1024, long.MaxValue)]
    public long MaxBytes { get; set; } = 4L << 30;
}
