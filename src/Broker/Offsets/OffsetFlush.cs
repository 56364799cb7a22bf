using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Offsets;

/// <summary>Keeps the table of progress on disk: reads it at the start, writes it at intervals and at the end.</summary>
public sealed partial class OffsetFlush(OffsetTable table, TableFile file, TimeProvider time, ILogger<OffsetFlush> logger)
{
    private readonly Lock _lock = new();
    private DataVersion _version = new(0, 0, 0);

    /// <summary>Which state the file is.</summary>
    public DataVersion Version => _version;

    /// <summary>Reads the file.</summary>
    public void Load()
    {
        if (file.Read(text => OffsetFile.Parse(text, table) ? text : null) is { } text)
        {
            _version = DataVersion.OfFile(text);
        }
    }

    /// <summary>Writes the file if anything changed; a failure is logged and tried again the next time.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            TryWrite();
        }
    }

    private void TryWrite()
    {
        if (!table.TakeChanged())
        {
            return;
        }

        try
        {
            DataVersion next = _version.Next(time);
            file.Write(output => OffsetFile.Write(output, next, table));
            _version = next;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            table.PutChangedBack();
            LogNotWritten(logger, file.Path, error.Message);
        }
    }

    [LoggerMessage(EventId = 4011, Level = LogLevel.Warning, Message = "Progress of groups is not written to {Path}, it will be tried again: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string path, string reason);
}
