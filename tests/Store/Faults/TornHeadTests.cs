using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>Records whose first bytes are the last ones of a sector that did not reach the disk.</summary>
public sealed class TornHeadTests
{
    private const string Log = "/store/commitlog/00000000000000000000";

    public static TheoryData<int, int> Heads
    {
        get
        {
            var data = new TheoryData<int, int>();
            for (var head = 1; head <= 12; head++)
            {
                data.Add(head, 20);
                data.Add(head, 700);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public async Task A_record_that_lost_its_first_bytes_with_a_sector_ends_the_log(int head, int body)
    {
        var files = new FaultyFileSystem(1);
        var store = Open(files);
        await store.WaitDurableAsync(store.Append("topic", 0, "first").End).Within("durable");
        Assert.True(store.WriteCheckpoint());
        var used = store.Written.Value;
        var filler = 1024 - head - used;
        var size = store.Append("topic", 0, "x").Size;
        await store.DisposeAsync();
        files = new FaultyFileSystem(1);
        store = Open(files);
        await store.WaitDurableAsync(store.Append("topic", 0, "first").End).Within("durable");
        Assert.True(store.WriteCheckpoint());
        store.Append("topic", 0, new string('f', (int)filler - size + 1));
        var torn = store.Append("topic", 0, new string('t', body));
        Assert.Equal(1024 - head, torn.PhysicalOffset);
        store.Append("topic", 0, "behind");
        await store.WaitDurableAsync(store.Written).Within("durable");
        files.Crash(powerLoss: false);
        await store.DisposeAsync();

        var log = files.Content(Log);
        var differs = log.AsSpan(1024 - head, head).ContainsAnyExcept((byte)0);
        log.AsSpan(1024 - head, head).Clear();
        files.Put(Log, log);
        await using var again = Open(files);
        Assert.Equal(differs ? 2 : 4, again.Bodies("topic", 0).Count);
        if (differs)
            Assert.Equal(1024 - head, again.Written.Value);
    }

    private static MessageStore Open(FaultyFileSystem files)
    {
        var options = StoreKit.Small("/store");
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        return MessageStore.Open(options, new FaultyProcess(files));
    }
}
