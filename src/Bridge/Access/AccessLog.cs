using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>What access control tells the log. A refusal is one line.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(5101, LogLevel.Information, "Access refused: {Action} by {User} ({Client}) from {From}: {What}: {Why}")]
    public static partial void Refused(ILogger logger, string action, string user, string client, string from, string what, string why);

    [LoggerMessage(5102, LogLevel.Information, "Access: {Path} was read again")]
    public static partial void FileRead(ILogger logger, string path);

    [LoggerMessage(5103, LogLevel.Warning, "Access: a changed file is not used, what was read before stays in force: {Why}")]
    public static partial void FileKept(ILogger logger, string why);
}
