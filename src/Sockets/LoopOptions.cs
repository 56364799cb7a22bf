using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Sockets;

/// <summary>Limits of the event loops.</summary>
public sealed class LoopOptions
{
    /// <summary>Threads that read sockets and run what their bytes ask for; 0 is half of the processors, at least one.</summary>
    [Range(0, 64)]
    public int Loops { get; set; }

    /// <summary>Connections that the system keeps until they are accepted.</summary>
    [Range(1, 65_535)]
    public int Backlog { get; set; } = 4096;

    /// <summary>Open files that are kept for the log and its queues, half of the system's limit at most: without them the store stops. A
    /// connection that would take one of them is closed.</summary>
    [Range(16, 1_000_000)]
    public int ReservedFiles { get; set; } = 1000;

    /// <summary>Received bytes of one connection that nobody has taken; beyond it nothing is read from its socket.</summary>
    [Range(4096, 64 * 1024 * 1024)]
    public int MaxUnreadBytes { get; set; } = 1024 * 1024;

    /// <summary>Bytes to one connection that its peer has not taken; beyond it a flush waits.</summary>
    [Range(4096, 64 * 1024 * 1024)]
    public int MaxUnsentBytes { get; set; } = 64 * 1024;
}
