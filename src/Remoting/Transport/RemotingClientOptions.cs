using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>How a <see cref="RemotingClient"/> connects.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The ranges are looked at by servers, which are not trimmed; a TimeSpan needs no converter that could be trimmed.")]
public sealed class RemotingClientOptions
{
    /// <summary>Limits of each connection.</summary>
    public RemotingOptions Connection { get; set; } = new() { SweepInterval = TimeSpan.FromMilliseconds(100) };

    /// <summary>How long connecting may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long an address is left alone after its first failed attempt; doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan MinBackOff { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest time an address is left alone.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MaxBackOff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Addresses that may be connected at once.</summary>
    [Range(1, 100_000)]
    public int MaxAddresses { get; set; } = 1024;
}
