namespace ProtoBridgeMQ.Gateway.Mapping;

/// <summary>What is said of mapping rules.</summary>
internal static partial class MappingLog
{
    [LoggerMessage(7401, LogLevel.Information, "Mapping: {Count} rules of {File} are in force")]
    public static partial void Loaded(ILogger logger, string file, int count);

    [LoggerMessage(7402, LogLevel.Warning, "Mapping: the changed {File} is refused, the rules stay as they were: {Wrong}")]
    public static partial void Refused(ILogger logger, string file, string wrong);

    [LoggerMessage(7403, LogLevel.Warning, "Mapping: {File} is not watched, changes need a restart: {Why}")]
    public static partial void NotWatched(ILogger logger, string file, string why);
}
