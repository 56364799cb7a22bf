using System.Buffers.Binary;
using System.Globalization;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Integrity;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Integrity;

/// <summary>
/// One flipped bit anywhere: the store opens, gives nothing that was not written, and lacks at most the message that the
/// bit is in. Every bit with PROTOBRIDGE_STORE_FLIPS=all, else so many by chance (2000).
/// </summary>
public sealed class BitFlipTests
{
    private const string Log = "/store/commitlog/";

    private static string? Asked => Environment.GetEnvironmentVariable("PROTOBRIDGE_STORE_FLIPS");

    [Fact]
    public async Task A_flip_in_the_log_of_a_closed_store_costs_at_most_its_message() =>
        await ForFlips(await Closed(), path => path.StartsWith(Log, StringComparison.Ordinal), static _ => { });

    [Fact]
    public async Task A_flip_in_the_log_of_a_killed_store_costs_at_most_its_message() =>
        await ForFlips(await Closed(), path => path.StartsWith(Log, StringComparison.Ordinal), Kill);

    [Fact]
    public async Task A_flip_in_the_log_costs_at_most_its_message_when_all_of_it_is_read_at_the_start() =>
        await ForFlips(await Closed(), path => path.StartsWith(Log, StringComparison.Ordinal), LoseCheckpoint);

    [Fact]
    public async Task A_flip_of_each_bit_of_a_size_costs_its_message_when_all_of_the_log_is_read_at_the_start()
    {
        var sound = await Closed();
        var expected = await Expected(sound);
        for (var bit = 0; bit < 32; bit++)
            await Flip(sound, Log + "00000000000000000000", bit, LoseCheckpoint, expected, mayLose: 1);
    }

    [Fact]
    public async Task A_flip_in_a_queue_file_costs_no_message() =>
        await ForFlips(await Closed(), path => path.Contains("consumequeue", StringComparison.Ordinal), static _ => { }, mayLose: 0);

    [Fact]
    public async Task A_flip_in_a_queue_file_of_a_killed_store_costs_no_message() =>
        await ForFlips(await Closed(), path => path.Contains("consumequeue", StringComparison.Ordinal), Kill, mayLose: 0);

    [Fact]
    public async Task A_flip_in_the_checkpoint_costs_no_message() =>
        await ForFlips(await Closed(), path => path.EndsWith("checkpoint", StringComparison.Ordinal), static _ => { }, mayLose: 0);

    private static void Kill(FaultyFileSystem files) => files.Put("/store/abort", "1"u8);

    private static void LoseCheckpoint(FaultyFileSystem files)
    {
        Kill(files);
        files.DeleteFile("/store/checkpoint");
    }

    private static async Task ForFlips(Dictionary<string, byte[]> sound, Func<string, bool> inFile, Action<FaultyFileSystem> prepare, int mayLose = 1)
    {
        var expected = await Expected(sound);
        var names = sound.Keys.Where(inFile).Order(StringComparer.Ordinal).ToArray();
        if (Asked == "all")
        {
            foreach (var name in names)
            {
                for (var bit = 0L; bit < Used(sound[name]) * 8L; bit++)
                    await Flip(sound, name, bit, prepare, expected, mayLose);
            }

            return;
        }

        var count = int.TryParse(Asked, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 2000;
        await Seeded.RunAsync(async random =>
        {
            for (var i = 0; i < count; i++)
            {
                var name = names[random.Next(names.Length)];
                await Flip(sound, name, random.NextInt64(Used(sound[name]) * 8L), prepare, expected, mayLose);
            }
        });
    }

    private static async Task Flip(Dictionary<string, byte[]> sound, string name, long bit, Action<FaultyFileSystem> prepare, Dictionary<string, string> expected, int mayLose)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, content) in sound)
            files.Put(path, content);
        prepare(files);
        if (!files.FileExists("/store/checkpoint") && LooksLikeALostSector(sound[name], bit))
            return;
        files.FlipBit(name, bit / 8, (int)(bit % 8));
        var what = $"bit {bit % 8} of byte {bit / 8} of {name}";
        var store = MessageStore.Open(Options(), files);
        try
        {
            var read = ByQueue(store);
            foreach (var (place, content) in read)
                Assert.True(expected.TryGetValue(place, out var written) && written == content, $"{what}: {place} is not what was written");
            var lost = expected.Keys.Except(read.Keys).ToList();
            Assert.True(lost.Count <= mayLose, $"{what}: lost {string.Join(", ", lost)}; {string.Join(" ", store.Repairs.Select(repair => repair.Done))}");
            var walked = ByLog(store, expected, what);
            Assert.True(walked >= expected.Count - mayLose, $"{what}: {walked} records in the log");
            if (lost.Count > 0 && store.Repairs.All(repair => repair.Name != "TornRecord"))
                Assert.True(store.Integrity.DamageCount > 0, $"{what}: not reported");
            Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, "after").Status);
        }
        finally
        {
            await store.DisposeAsync();
        }
    }

    /// <summary>
    /// The one flip that cannot be told from a torn write when nothing says what was durable: it cleared all that its record
    /// has in the sector. docs/storage.md names it.
    /// </summary>
    private static bool LooksLikeALostSector(byte[] segment, long bit)
    {
        var at = (int)(bit / 8);
        var start = 0;
        while (BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(start)) is > 0 and var size && start + size <= at)
            start += size;
        var end = start + BinaryPrimitives.ReadInt32BigEndian(segment.AsSpan(start));
        var sector = at / 512 * 512;
        var part = segment.AsSpan(Math.Max(start, sector)..Math.Min(end, sector + 512)).ToArray();
        if (part.Length == 0)
            return false;
        part[at - Math.Max(start, sector)] ^= (byte)(1 << (int)(bit % 8));
        return part.AsSpan().IndexOfAnyExcept((byte)0) < 0;
    }

    private static Dictionary<string, string> ByQueue(MessageStore store)
    {
        var read = new Dictionary<string, string>();
        foreach (var queue in store.Queues)
        {
            for (var offset = queue.MinOffset; offset < queue.MaxOffset; offset++)
            {
                Assert.True(queue.TryReadEntry(offset, out var entry));
                var reading = store.ReadRecord(queue, offset, entry, out var lease);
                using (lease)
                {
                    Assert.NotEqual(EntryReading.NotYet, reading);
                    if (reading == EntryReading.Found && lease.TryRead(out var record))
                        read.Add($"{queue.Topic}/{queue.QueueId}/{offset}", Content(record));
                }
            }
        }

        return read;
    }

    private static int ByLog(MessageStore store, Dictionary<string, string> expected, string what)
    {
        using var reader = store.OpenReader(store.MinPhysicalOffset);
        var count = 0;
        for (; reader.TryReadNext(out var record); count++)
        {
            Assert.True(
                expected.TryGetValue($"{record.TopicString}/{record.QueueId}/{record.QueueOffset}", out var written) && written == Content(record),
                $"{what}: the record at {record.PhysicalOffset} is not what was written");
        }

        Assert.Equal(store.Dispatched.Value, reader.Position);
        return count;
    }

    private static string Content(in MessageRecord record) => Convert.ToHexString(record.Bytes[..^RecordCrc.Size]);

    private static async Task<Dictionary<string, byte[]>> Closed()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = MessageStore.Open(Options(), files))
        {
            // Sizes of powers of two, bodies of zeros, a batch, and enough to fill segments and queue files.
            for (var i = 0; i < 40; i++)
                store.Append(i % 3 == 0 ? "other" : "topic", i % 2, i % 5 == 4 ? new string('\0', 700) : $"{i}:{new string('x', i * 5)}", "tag");
            var batch = new byte[2 * (BatchBody.Overhead + 10)];
            var at = BatchBody.Write(batch, 1, "first body"u8, default);
            BatchBody.Write(batch.AsSpan(at), 2, "other body"u8, default);
            store.AppendBatch(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = batch, BornHost = HostAddress.Loopback(1) });
            var plain = MessageRecordWriter.Size(new MessageRecordFields { Topic = "topic"u8, WithCrc = true, BornHost = HostAddress.Loopback(1), StoreHost = HostAddress.Loopback(1) });
            store.Append("topic", 1, new string('p', 256 - (int)plain));
            store.Append("topic", 1, new string('q', 512 - (int)plain));
            store.Append("other", 0, "last");
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        return files.Paths.ToDictionary(path => path, files.Content);
    }

    private static async Task<Dictionary<string, string>> Expected(Dictionary<string, byte[]> sound)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, content) in sound)
            files.Put(path, content);
        await using var store = MessageStore.Open(Options(), files);
        Assert.Empty(store.Repairs);
        return ByQueue(store);
    }

    /// <summary>Bytes up to the last that is not zero, and some behind.</summary>
    private static int Used(byte[] content) => Math.Min(content.Length, content.AsSpan().LastIndexOfAnyExcept((byte)0) + 64);

    private static StoreOptions Options() => new()
    {
        Directory = "/store",
        SegmentSize = 8 << 10,
        QueueFileEntries = 8,
        MaxOpenQueueFiles = 4,
        MaxBodySize = 4 << 10,
        CheckpointInterval = TimeSpan.FromMinutes(1),
        IndexEnabled = false,
    };
}
