using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// The disk fails within the write of a record that nobody was told of, at every byte of it: what is left of it must not
/// pass for a record, nor for one that was acknowledged and damaged later.
/// </summary>
public sealed class CutWriteTests
{
    private const string Log = "/store/commitlog/00000000000000000000";

    public static TheoryData<bool, bool, string, int, FlushMode> Shapes
    {
        get
        {
            var data = new TheoryData<bool, bool, string, int, FlushMode>();
            foreach (var withCrc in new[] { true, false })
            {
                foreach (var checksCrc in new[] { true, false })
                {
                    data.Add(withCrc, checksCrc, "", 20, FlushMode.Fsync);
                    data.Add(withCrc, checksCrc, "TAGS\u0001a\u0002KEYS\u0001one two\u0002", 20, FlushMode.Fsync);
                    data.Add(withCrc, checksCrc, "TAGS\u0001a\u0002", 700, FlushMode.Async);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_write_that_ended_within_a_record_leaves_none_of_it_or_all(bool withCrc, bool checksCrc, string properties, int body, FlushMode nextMode)
    {
        var whole = await Written(withCrc, checksCrc, properties, body, int.MaxValue);
        var expected = whole.Files.Content(Log)[..(int)whole.Last.End.Value];
        for (var bytes = 0; bytes < whole.Last.Size; bytes++)
        {
            var (files, clock, last) = await Written(withCrc, checksCrc, properties, body, bytes);
            var options = Options(withCrc, checksCrc);
            options.FlushMode = nextMode;
            await using var store = MessageStore.Open(options, new FaultyProcess(files), clock);
            // Without the CRC, without properties: their length is two zeros, and the record whole without them.
            var isWhole = !expected.AsSpan((int)last.PhysicalOffset + bytes).ContainsAnyExcept((byte)0);
            var isPutBack = withCrc && bytes == last.Size - 1;
            var end = isWhole || isPutBack ? last.End.Value : last.PhysicalOffset;
            Assert.True(end == store.Written.Value, $"cut after {bytes} of {last.Size} bytes the log ends at {store.Written.Value} and should at {end}; {string.Join(" ", store.Repairs)}");
            Assert.Equal(isPutBack, store.Repairs.Any(repair => repair.Name == "MissingLastByte"));
            Assert.DoesNotContain(store.Repairs, repair => repair.Name == "DamagedRecord");
            var log = files.Content(Log);
            Assert.Equal(expected[..(int)end], log[..(int)end]);
            Assert.False(log.AsSpan((int)end).ContainsAnyExcept((byte)0));
            Assert.Equal(last.QueueOffset + (end == last.End.Value ? 1 : 0), store.Append("topic", 0, "next").QueueOffset);
        }
    }

    /// <summary>A store that was killed after a write that ended after so many bytes of its last record.</summary>
    private static async Task<(FaultyFileSystem Files, ManualClock Clock, AppendResult Last)> Written(bool withCrc, bool checksCrc, string properties, int body, int bytes)
    {
        var files = new FaultyFileSystem(1);
        var clock = new ManualClock();
        var store = MessageStore.Open(Options(withCrc, checksCrc), new FaultyProcess(files), clock);
        await store.WaitDurableAsync(store.Append("topic", 0, "first").End).Within("durable");
        await store.WaitDispatchedAsync().Within("dispatched");
        Assert.True(store.WriteCheckpoint());
        if (bytes < int.MaxValue)
        {
            files.WrittenBeforeFailure = bytes;
            files.Add(new Fault(FileCall.Write, "commitlog"));
        }

        var last = store.Append(new MessageToStore
        {
            Topic = "topic"u8,
            QueueId = 0,
            Body = Encoding.UTF8.GetBytes(new string('b', body)),
            Properties = Encoding.UTF8.GetBytes(properties),
            BornTimestamp = clock.Now(),
            BornHost = HostAddress.Loopback(4711),
        });
        var status = await store.WaitDurableAsync(last.End).Within("durable or failed");
        Assert.Equal(bytes < int.MaxValue ? DurabilityStatus.Failed : DurabilityStatus.Durable, status);
        files.Crash(powerLoss: false);
        await store.DisposeAsync();
        files.ClearFaults();
        return (files, clock, last);
    }

    private static StoreOptions Options(bool withCrc, bool checksCrc)
    {
        var options = StoreKit.Small("/store");
        options.SegmentSize = 16 << 10;
        options.IndexEnabled = false;
        options.CheckpointInterval = TimeSpan.FromMinutes(1);
        options.RecordCrc = withCrc;
        options.CheckCrcOnRecovery = checksCrc;
        return options;
    }
}
