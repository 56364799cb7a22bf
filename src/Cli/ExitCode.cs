namespace ProtoBridgeMQ.Cli;

/// <summary>What scripts go by; docs/cli.md lists them.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A broker refused, or something else failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was done.</summary>
    public const int WrongUsage = 2;

    /// <summary>No name server or broker answers.</summary>
    public const int Unreachable = 3;

    /// <summary>The topic, group or message does not exist.</summary>
    public const int NotFound = 4;

    /// <summary><c>doctor</c> found something that does not work.</summary>
    public const int Unwell = 5;

    /// <summary>The wait ended before everything came.</summary>
    public const int WaitedInVain = 6;

    /// <summary>Ended by a signal.</summary>
    public const int Interrupted = 130;
}
