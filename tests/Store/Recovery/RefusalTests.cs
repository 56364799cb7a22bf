using System.Text.RegularExpressions;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Inspection;
using ProtoBridgeMQ.Tests.Store.Compaction;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Store.LightQueues;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Recovery;

/// <summary>What no repair covers is refused: the message names the file and says what to do, and nothing was changed.</summary>
public sealed partial class RefusalTests
{
    private const int Segment = 16 << 10;
    private const string Log = "/store/commitlog/";
    private const string First = Log + "00000000000000000000";
    private const string Second = Log + "00000000000000016384";

    [Theory]
    [InlineData("hole", "00000000000000016384")]
    [InlineData("long segment", "00000000000000016384")]
    [InlineData("short segment", "00000000000000016384")]
    [InlineData("zeros", "00000000000000000000")]
    [InlineData("no log", "/store/commitlog")]
    [InlineData("no log of Apache's", "/store/commitlog")]
    [InlineData("empty first segment", "/store/commitlog")]
    [InlineData("queue file", "/store/consumequeue/topic/0")]
    [InlineData("head of the catalogue", "/store/lightqueues/catalogue")]
    [InlineData("end of the catalogue", "lightqueues/catalogue")]
    [InlineData("list of compacted topics", "/store/compaction/topics.json")]
    [InlineData("compacted file", "/store/compaction/table/0/")]
    [InlineData("disk", "/store")]
    public async Task A_refusal_names_the_place_and_says_what_to_do_and_changes_nothing(string what, string place)
    {
        var files = await MakeAsync(isCompacted: what == "compacted file");
        Spoil(files, what);
        var before = files.Paths.ToDictionary(path => path, files.Content);
        var refusal = Assert.Throws<StoreUnusableException>(() => Open(files, mostUnflushed: Segment));
        Assert.Contains(place, refusal.Message, StringComparison.Ordinal);
        Assert.Matches(Advice(), refusal.Message);
        files.ClearFaults();
        // What the scan of the log met made queues be cut before: they are made again from it.
        foreach (var (path, content) in before.Where(file => what != "zeros" || !file.Key.Contains("/consumequeue/", StringComparison.Ordinal)))
            Assert.Equal((path, Convert.ToHexString(content)), (path, Convert.ToHexString(files.Content(path))));
    }

    /// <summary>Apache RocketMQ may keep its log elsewhere (storePathCommitLog): queues, index and tables alone are no empty store.</summary>
    [Fact]
    public async Task A_directory_of_Apache_without_its_log_keeps_its_queues()
    {
        using var temp = new TempDirectory("store");
        StoreKit.CopyDirectory(Path.Combine(StoreKit.Golden, "533"), temp["store"]);
        Directory.Move(temp["store/commitlog"], temp["elsewhere"]);
        var before = Queues(temp["store"]);
        var refusal = Assert.Throws<StoreUnusableException>(() => MessageStore.Open(Apache(temp)));
        Assert.Contains("storePathCommitLog", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Queues(temp["store"]));
        Assert.Contains("log-missing", new StoreVerifier(StoreFiles.Open(temp["store"]), 10).Run().Findings.ByKind.Keys);

        Directory.Delete(temp["store/commitlog"]);
        Directory.Move(temp["elsewhere"], temp["store/commitlog"]);
        await using var store = MessageStore.Open(Apache(temp));
        Assert.Equal(700, store.Queues.Single(queue => queue is { Topic: "T_one", QueueId: 0 }).MaxOffset);
    }

    /// <summary>
    /// The checkpoint of Apache RocketMQ says no offset, but a time up to which the log was flushed: what is missing before a
    /// record of that time was lost later, and nothing behind it may be cut off.
    /// </summary>
    [Theory]
    [InlineData("498", 0)]
    [InlineData("533", 0)]
    [InlineData("533", 600)]
    [InlineData("498-running", 0)]
    [InlineData("533-running", 0)]
    public void Zeros_in_what_Apache_had_flushed_are_not_the_end_of_the_log(string sample, int within)
    {
        using var temp = new TempDirectory("store");
        StoreKit.CopyDirectory(Path.Combine(StoreKit.Golden, sample), temp["store"]);
        var segment = Directory.GetFiles(temp["store/commitlog"]).Order(StringComparer.Ordinal).Last(path => IsWritten(File.ReadAllBytes(path)));
        var log = File.ReadAllBytes(segment);
        log.AsSpan(within, 2048).Clear();
        File.WriteAllBytes(segment, log);
        var refusal = Assert.Throws<StoreUnusableException>(() => MessageStore.Open(Apache(temp)));
        Assert.Contains(Path.GetFileName(segment), refusal.Message, StringComparison.Ordinal);
        Assert.Matches(Advice(), refusal.Message);
        Assert.Equal(log, File.ReadAllBytes(segment));
    }

    [Fact]
    public async Task A_short_segment_of_Apaches_without_its_last_messages_is_not_extended()
    {
        var files = await MakeAsync(isCompacted: false);
        Change(files, "/store/checkpoint", content => content.AsSpan(40).Clear());
        Spoil(files, "short segment");
        var refusal = Assert.Throws<StoreUnusableException>(() => Open(files, mostUnflushed: Segment));
        Assert.Contains("its last messages are missing", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(9000, files.Content(Second).Length);
    }

    [GeneratedRegex("(?i)restore|move |look at|put ")]
    private static partial Regex Advice();

    private static void Spoil(FaultyFileSystem files, string what)
    {
        switch (what)
        {
            case "hole":
                files.DeleteFile(Second);
                break;
            case "long segment":
                files.Put(Second, [.. files.Content(Second), .. new byte[4096]]);
                break;
            case "short segment":
                files.Put(Second, files.Content(Second).AsSpan(0, 9000));
                break;
            case "zeros":
                Change(files, First, content => content.AsSpan(4096, 8192).Clear());
                files.DeleteFile("/store/checkpoint");
                break;
            case "no log":
                DeleteLog(files);
                break;
            case "no log of Apache's":
                DeleteLog(files);
                Change(files, "/store/checkpoint", content => content.AsSpan(40).Clear());
                break;
            case "empty first segment":
                DeleteLog(files);
                files.Put(First, default);
                break;
            case "queue file":
                files.Put("/store/consumequeue/topic/0/00000000000000000007", new byte[640]);
                break;
            case "head of the catalogue":
                Change(files, "/store/lightqueues/catalogue", content => content[0] ^= 1);
                break;
            case "end of the catalogue":
                Change(files, "/store/lightqueues/catalogue", content => content[20] ^= 1);
                break;
            case "list of compacted topics":
                Change(files, "/store/compaction/topics.json", content => content[20] ^= 1);
                files.DeleteFile("/store/compaction/topics.json.bak");
                break;
            case "compacted file":
                Change(files, files.Paths.First(path => path.StartsWith("/store/compaction/table/0/0", StringComparison.Ordinal)), content => content[10] ^= 1);
                break;
            default:
                files.Add(new Fault(FileCall.Map, "commitlog"));
                break;
        }
    }

    private static void Change(FaultyFileSystem files, string path, Action<byte[]> change)
    {
        var content = files.Content(path);
        change(content);
        files.Put(path, content);
    }

    private static void DeleteLog(FaultyFileSystem files)
    {
        foreach (var path in files.Paths.Where(path => path.StartsWith(Log, StringComparison.Ordinal)).ToList())
            files.DeleteFile(path);
    }

    /// <summary>A closed store of several segments with a light queue and a compacted topic.</summary>
    private static async Task<FaultyFileSystem> MakeAsync(bool isCompacted)
    {
        var files = new FaultyFileSystem(1);
        await using var store = Open(files);
        store.LightQueues.Create("filler", out _);
        await store.FillTable(20);
        for (var i = 0; i < 60; i++)
            store.Append("topic", 0, new string('x', 900), "tag");
        await store.WaitDispatchedAsync().Within("dispatched");
        if (isCompacted)
            store.DeleteHead();
        return files;
    }

    private static MessageStore Open(FaultyFileSystem files, long mostUnflushed = 1 << 20)
    {
        var options = CompactionKit.Small();
        options.LightQueueFileSize = 4096;
        options.MaxUnflushedBytes = mostUnflushed;
        return MessageStore.Open(options, new FaultyProcess(files), lightQueueSelector: new NameSelector());
    }

    private static StoreOptions Apache(TempDirectory temp) => new() { Directory = temp["store"], QueueFileEntries = 300, IndexSlots = 200, IndexEntries = 400 };

    private static bool IsWritten(byte[] segment) => segment.AsSpan(0, 8).ContainsAnyExcept((byte)0);

    private static List<(string Path, string Content)> Queues(string directory) =>
        [.. Directory.GetFiles(Path.Combine(directory, "consumequeue"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => (path, Convert.ToHexString(File.ReadAllBytes(path))))];
}
