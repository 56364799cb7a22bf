using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Projections;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>The key index: finds messages by topic and key.</summary>
internal sealed class KeyIndex : ILogProjection
{
    public KeyIndex(StoreOptions options, IFileSystem files, TimeProvider time, ILogger logger)
    {
        _ = options;
        _ = files;
        _ = time;
        _ = logger;
    }

    /// <summary>Store time of the last record whose entries are flushed.</summary>
    public long FlushedTimestamp => 0;

    public long Load(in ProjectionStart start) => start.Offset;

    public void Stage(in MessageRecord record)
    {
    }

    public void Commit()
    {
    }

    public void EndRecovery(long end)
    {
    }

    public void Flush()
    {
    }

    public void Trim(long minOffset)
    {
    }

    public void Dispose()
    {
    }
}
