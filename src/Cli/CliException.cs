namespace ProtoBridgeMQ.Cli;

/// <summary>Ends a command with one line and a number.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static CliException Usage(string message) => new(Cli.ExitCode.WrongUsage, message);
}
