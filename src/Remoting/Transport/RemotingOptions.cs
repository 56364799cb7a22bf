using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Limits of one remoting connection, either end.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The ranges are looked at by servers, which are not trimmed; a TimeSpan needs no converter that could be trimmed.")]
public sealed class RemotingOptions
{
    /// <summary>The largest accepted frame, without its length word.</summary>
    [Range(1024, int.MaxValue)]
    public int MaxFrameLength { get; set; } = FrameCutter.DefaultMaxFrameLength;

    /// <summary>The largest accepted header.</summary>
    [Range(1024, 0xFFFFFF)]
    public int MaxHeaderLength { get; set; } = 1024 * 1024;

    /// <summary>Requests of one connection that may be in handling at once (held pulls count); beyond it reading pauses.</summary>
    [Range(1, 1_000_000)]
    public int MaxInFlightRequests { get; set; } = 4096;

    /// <summary>Bytes written but not yet taken by the peer, beyond which its requests are not read any more.</summary>
    [Range(64 * 1024, int.MaxValue)]
    public int MaxUnflushedBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Bytes written but not yet taken by the peer, beyond which it is closed: answers that were under way when reading paused.</summary>
    [Range(64 * 1024, int.MaxValue)]
    public int MaxBufferedBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Bytes of answers that all peers together may leave untaken. Beyond it requests of those that do not take theirs are refused
    /// as busy; the others are served.
    /// </summary>
    [Range(64 * 1024, long.MaxValue)]
    public long MaxQueuedAnswerBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>How long a peer may leave written bytes untaken before it is closed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SendStallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may say nothing before it is closed. Zero: for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How long one frame may take from its first byte to its last before the connection is closed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan FrameTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often time limits are looked at.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Own requests of one connection that may wait for their answers.</summary>
    [Range(1, 1_000_000)]
    public int MaxPendingInvokes { get; set; } = 4096;

    /// <summary>How own requests' headers are written, of those whose code the form can say. Answers take the form of their request.</summary>
    public SerializeType Serialization { get; set; } = SerializeType.Json;

    /// <summary>What we say we are written in.</summary>
    public LanguageCode Language { get; set; } = LanguageCode.DotNet;

    /// <summary>The protocol version we say we speak: RocketMQ's ordinal of 5.3.3.</summary>
    [Range(0, short.MaxValue)]
    public int Version { get; set; } = 479;
}
