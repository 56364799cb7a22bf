namespace ProtoBridgeMQ.Broker.Config;

/// <summary>
/// The repair <c>HalfWrittenTable</c>: the machine stopped while a table was replaced by a program that does not wait for
/// the disk, or the file was damaged. The table of before is taken, and is the table again.
/// </summary>
public sealed partial class TableRepairs(ILogger<TableRepairs> logger)
{
    /// <summary>Reads a table to see whether that is possible; logs when it took the backup.</summary>
    /// <exception cref="Store.StoreUnusableException">Neither it nor its backup can be read.</exception>
    public void Check<T>(TableFile file, Func<byte[], T?> parse)
        where T : class
    {
        file.Read(parse);
        if (file.TookBackup)
        {
            LogRepaired(logger, file.Path);
        }
    }

    [LoggerMessage(EventId = 4001, Level = LogLevel.Warning, Message = "Repaired HalfWrittenTable: {Path} could not be read, its backup is taken (The machine stopped while the table was written, or the file was damaged)")]
    private static partial void LogRepaired(ILogger logger, string path);
}
