namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Why the gateway does not start, in one line for the person who started it.</summary>
public sealed class GatewayStartException : Exception
{
    /// <summary>Wrong options or configuration.</summary>
    public const int WrongUsage = 2;

    /// <summary>A port or the data directory is taken by somebody else.</summary>
    public const int Taken = 3;

    /// <summary>Everything else.</summary>
    public const int Failed = 1;

    /// <summary>Makes the refusal.</summary>
    public GatewayStartException(int exitCode, string message, Exception? innerException = null)
        : base(message, innerException)
        => ExitCode = exitCode;

    /// <summary>What the process answers to its parent.</summary>
    public int ExitCode { get; }
}
