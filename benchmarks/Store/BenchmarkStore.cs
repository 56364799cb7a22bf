using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>A store in a directory of its own, and the one message that all scenarios append.</summary>
internal static class BenchmarkStore
{
    public static StoreOptions Options(BenchmarkOptions options, string name, FlushMode mode) => new()
    {
        Directory = Path.Combine(options.Directory, name),
        SegmentSize = 1 << 30,
        FlushMode = mode,
        MaxUnflushedBytes = 1L << 36,
        IndexEnabled = false,
        TimersEnabled = false,
    };

    public static AppendResult Append(MessageStore store, ReadOnlySpan<byte> body, int queueId) => store.Append(new MessageToStore
    {
        Topic = "sensors"u8,
        QueueId = queueId,
        Body = body,
        Properties = "TAGS\u0001kitchen/temp\u0002UNIQ_KEY\u00017F00000100002A9F0000018C2F3A0001\u0002WAIT\u0001true\u0002"u8,
        BornTimestamp = 1_700_000_000_000,
        BornHost = HostAddress.Loopback(50000),
    });

    /// <summary>Appends until the log has so many bytes; how many messages.</summary>
    public static int Fill(MessageStore store, byte[] body, long bytes, int queues = 8)
    {
        int count = 0;
        while (store.Written.Value < bytes)
        {
            if (Append(store, body, count % queues).Status != AppendStatus.Appended)
            {
                throw new InvalidOperationException($"The store refused: {store.State.Reason}");
            }

            count++;
        }

        return count;
    }
}
