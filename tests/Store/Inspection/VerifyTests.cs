using System.Buffers.Binary;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Inspection;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Store.Retention;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Inspection;

/// <summary>A look at everything finds what is wrong, and nothing that is right.</summary>
public sealed class VerifyTests
{
    private const string First = "/store/commitlog/00000000000000000000";
    private const string Second = "/store/commitlog/00000000000000065536";
    private const string Queue = "/store/consumequeue/topic/0/00000000000000000000";

    public static TheoryData<string> Samples => ["498", "533", "498-running", "533-running"];

    [Theory, MemberData(nameof(Samples))]
    public void An_Apache_directory_is_sound_and_every_entry_meets_its_record(string sample)
    {
        var report = new StoreVerifier(StoreFiles.Open(Path.Combine(StoreKit.Golden, sample)), 10).Run();
        Assert.Empty(report.Findings.Kept);
        Assert.InRange(report.Records, 700, 900);
        Assert.Equal(report.Records, report.QueueEntries);
        Assert.InRange(report.IndexEntries, 900, 1100);
        Assert.Equal(sample.EndsWith("running", StringComparison.Ordinal), report.IsAborted);
    }

    [Fact]
    public async Task Our_own_directory_is_sound_and_no_byte_of_it_is_changed()
    {
        var files = Restore(await MakeAsync());
        var before = files.Paths.ToDictionary(path => path, files.Content);
        var report = Verify(files);
        Assert.Empty(report.Findings.Kept);
        Assert.Equal(130, report.Records);
        Assert.Equal(130, report.QueueEntries);
        Assert.True(report.IndexEntries >= 100);
        Assert.Equal(before.Keys.Order(), files.Paths.Order());
        foreach (var (path, content) in before)
            Assert.Equal(content, files.Content(path));
    }

    [Theory]
    [InlineData("record-crc", First, 200, 1)]
    [InlineData("record-damaged", First, 2, 8)]
    [InlineData("entry-wrong", Queue, 43, 1)]
    [InlineData("entry-tag-wrong", Queue, 59, 1)]
    [InlineData("entry-missing", Queue, 60, -12)]
    [InlineData("segment-missing", Second, 0, 0)]
    [InlineData("index-wrong", "index", 0, -4)]
    [InlineData("index-file", "index", 36, 1)]
    [InlineData("checkpoint-ahead", "checkpoint", 74, 1)]
    public async Task Damage_is_found(string kind, string file, int at, int change)
    {
        var files = Restore(await MakeAsync());
        var path = files.Paths.Where(path => path.Contains(file, StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();
        var content = files.Content(path);
        if (change == 0)
        {
            files.DeleteFile(path);
        }
        else if (change < 0)
        {
            // The second entry of an index file is behind its slots.
            at = file == "index" ? 40 + (50 * 4) + 40 : at;
            content.AsSpan(at, -change).Clear();
            files.Put(path, content);
        }
        else
        {
            content[at] ^= (byte)change;
            if (kind == "checkpoint-ahead")
                Resign(content);
            files.Put(path, content);
        }

        var report = Verify(files);
        Assert.Contains(kind, report.Findings.ByKind.Keys);
        Assert.True(report.Findings.Damage > 0);
        var finding = report.Findings.Kept.First(finding => finding.Kind == kind);
        Assert.NotEmpty(finding.Advice);
        Assert.False(Path.IsPathRooted(finding.File));
    }

    [Fact]
    public async Task An_entry_without_a_record_is_found()
    {
        var files = Restore(await MakeAsync());
        var content = files.Content("/store/consumequeue/other/3/00000000000000000000");
        content.AsSpan(0, 20).CopyTo(content.AsSpan(20 * 30));
        files.Put("/store/consumequeue/other/3/00000000000000000000", content);
        Assert.Equal(1, Verify(files).Findings.ByKind["entry-extra"]);
    }

    [Fact]
    public async Task A_queue_that_begins_after_its_records_is_told_of()
    {
        var files = Restore(await MakeAsync());
        files.DeleteFile(Queue);
        var report = Verify(files);
        Assert.Equal(1, report.Findings.ByKind["queue-begins-late"]);
        Assert.Contains("64 records", report.Findings.Kept[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_next_start_repairs_is_no_damage()
    {
        var files = Restore(await MakeAsync());
        files.DeleteFile("/store/checkpoint");
        files.Put("/store/abort", "1"u8);
        var last = files.Paths.Where(path => path.StartsWith("/store/commitlog", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        var content = files.Content(last);
        content.AsSpan(50_000, 700).Fill(9);
        files.Put(last, content);
        var report = Verify(files);
        Assert.Equal(0, report.Findings.Damage);
        Assert.Equal(["checkpoint-lost", "log-torn"], report.Findings.ByKind.Keys);
        Assert.All(report.Findings.Kept, finding => Assert.Contains("next start", finding.Advice, StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_findings_are_counted_and_some_are_kept()
    {
        var files = Restore(await MakeAsync());
        foreach (var path in files.Paths.Where(path => path.Contains("consumequeue/topic", StringComparison.Ordinal)))
            files.DeleteFile(path);
        var report = new StoreVerifier(StoreFiles.Open("/store", new FaultyProcess(files)), 7).Run();
        Assert.Equal(7, report.Findings.Kept.Count);
        Assert.Equal(100, report.Findings.Damage);
    }

    [Fact]
    public async Task A_running_store_can_be_looked_at_and_is_said_to_run()
    {
        using var temp = new TempDirectory("store");
        await using var store = MessageStore.Open(StoreKit.Small(temp["store"]));
        for (var i = 0; i < 500; i++)
        {
            store.Append("topic", i % 3, new string('r', 300), "tag");
            if (i % 100 == 50)
                Assert.Equal(0, new StoreVerifier(StoreFiles.Open(temp["store"]), 10).Run().Findings.Damage);
        }

        await store.WaitDispatchedAsync();
        var report = new StoreVerifier(StoreFiles.Open(temp["store"]), 10).Run();
        Assert.True(report.IsLocked);
        Assert.True(report.IsAborted);
        Assert.Equal(0, report.Findings.Damage);
        Assert.Equal(500, report.Records);
    }

    [Fact]
    public async Task Segments_that_retention_deletes_in_the_meantime_are_no_damage()
    {
        var files = new FaultyFileSystem(1);
        await using var store = RetentionKit.Open(files, new ManualClock());
        await store.FillAsync(60);
        var looked = StoreFiles.Open("/store", files);
        store.DeleteBefore(3 * RetentionKit.Segment, force: true);
        var report = new StoreVerifier(looked, 10).Run();
        Assert.Empty(report.Findings.Kept.Where(static finding => finding.Severity == FindingSeverity.Damage));
        Assert.Equal(3 * RetentionKit.Segment, report.LogStart);
        Assert.True(report.Records > 10);
        Assert.Equal(report.Records, new StoreStatistics(StoreFiles.Open("/store", files)).FromQueues().Queues.Sum(static queue => queue.Messages));
    }

    [Fact]
    public async Task Garbage_in_any_file_is_survived()
    {
        var sound = await MakeAsync();
        var names = sound.Keys.Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < 150; i++)
        {
            Seeded.Run(random =>
            {
                var files = Restore(sound);
                for (var change = random.Next(1, 6); change > 0; change--)
                {
                    var name = names[random.Next(names.Length)];
                    var content = files.Content(name);
                    if (random.Next(4) == 0)
                        content = content[..random.Next(content.Length + 1)];
                    else if (content.Length > 0)
                        random.NextBytes(content.AsSpan(random.Next(content.Length))[..Math.Min(random.Next(1, 40), 1)]);
                    files.Put(name, content);
                }

                Verify(files);
                new StoreStatistics(StoreFiles.Open("/store", new FaultyProcess(files))).FromQueues();
                new StoreStatistics(StoreFiles.Open("/store", new FaultyProcess(files))).FromRecords();
            });
        }
    }

    [Fact]
    public void A_directory_that_is_no_store_is_refused()
    {
        using var temp = new TempDirectory("store");
        Assert.Throws<StoreUnusableException>(() => StoreFiles.Open(temp["nothing"]));
        Assert.False(Directory.Exists(temp["nothing"]));
    }

    [Fact]
    public async Task Queues_and_records_give_the_same_numbers()
    {
        var files = Restore(await MakeAsync());
        var fast = new StoreStatistics(StoreFiles.Open("/store", new FaultyProcess(files)), 3).FromQueues();
        var exact = new StoreStatistics(StoreFiles.Open("/store", new FaultyProcess(files)), 3).FromRecords();
        Assert.Equal(exact.Queues, fast.Queues);
        Assert.Equal(exact.LogEnd, fast.LogEnd);
        Assert.Equal(exact.Largest.Select(record => record.Size), fast.Largest.Select(record => record.Size));
        Assert.Equal(2, fast.Queues.Count);
        Assert.Equal(100, fast.Queues.Single(queue => queue.Topic == "topic").Messages);
    }

    private static VerifyReport Verify(FaultyFileSystem files) => new StoreVerifier(StoreFiles.Open("/store", new FaultyProcess(files)), 1000).Run();

    private static void Resign(byte[] page)
    {
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(96), BodyCrc32.Ieee(page.AsSpan(64, 32)));
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(124), BodyCrc32.Ieee(page.AsSpan(64, 60)));
    }

    private static async Task<Dictionary<string, byte[]>> MakeAsync()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = MessageStore.Open(StoreKit.Small("/store"), new FaultyProcess(files)))
        {
            for (var i = 0; i < 130; i++)
                Append(store, i);
            await store.WaitDispatchedAsync().Within("dispatched");
        }

        return files.Paths.ToDictionary(path => path, files.Content);
    }

    private static void Append(MessageStore store, int i)
    {
        Span<byte> properties = stackalloc byte[256];
        var writer = new PropertyTextWriter(properties);
        writer.TryAdd("TAGS", "tag");
        writer.TryAdd("KEYS", $"key{i}");
        store.Append(new MessageToStore
        {
            Topic = i % 13 < 10 ? "topic"u8 : "other"u8,
            QueueId = i % 13 < 10 ? 0 : 3,
            Body = Encoding.UTF8.GetBytes($"{i}:{new string('x', 1500)}"),
            Properties = writer.Written,
            BornTimestamp = 1_700_000_000_000,
            BornHost = HostAddress.Loopback(4711),
        });
    }

    private static FaultyFileSystem Restore(Dictionary<string, byte[]> content)
    {
        var files = new FaultyFileSystem(1);
        foreach (var (path, bytes) in content)
            files.Put(path, bytes);
        return files;
    }
}
