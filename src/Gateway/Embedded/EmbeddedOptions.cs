using System.ComponentModel.DataAnnotations;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Retained;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Limits of the bridge to the broker in this process.</summary>
public sealed class EmbeddedOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Embedded";

    /// <summary>Bytes of records that a tail stream looks at in one go, at most: so long others wait for its thread.</summary>
    [Range(4096, 64 << 20)]
    public int TailReadBytes { get; set; } = 1 << 20;

    /// <summary>Bytes of records after which one read of a filter's queue ends.</summary>
    [Range(1, 64 << 20)]
    public int FilterReadBytes { get; set; } = 256 << 10;

    /// <summary>Size of a body after decompression, at most; a larger one is handed over as it was stored.</summary>
    [Range(1024, 512 << 20)]
    public int MaxUnpackedBody { get; set; } = 16 << 20;

    /// <summary>Keys of the fronts' state, at most.</summary>
    [Range(1, 100_000_000)]
    public int MaxStateKeys { get; set; } = 4_000_000;

    /// <summary>Bytes of one value of the fronts' state, at most.</summary>
    [Range(16, 4 << 20)]
    public int MaxStateValueSize { get; set; } = 1 << 20;

    /// <summary>Retained messages.</summary>
    [Required]
    public RetainedOptions Retained { get; set; } = new();

    /// <summary>Group consumption.</summary>
    [Required]
    public GroupOptions Groups { get; set; } = new();
}
