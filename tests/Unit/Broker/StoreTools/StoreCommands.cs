using System.Text.Json;
using ProtoBridgeMQ.Broker.Hosting;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.StoreTools;

/// <summary><c>store verify|dump|stats</c> on directories of Apache RocketMQ, against what an independent reader found in them.</summary>
public sealed class StoreCommands
{
    private static readonly string Golden = FindGolden();

    public static TheoryData<string> Samples => ["498", "533", "498-running", "533-running"];

    [Theory, MemberData(nameof(Samples))]
    public async Task A_dump_says_what_the_independent_reader_says(string sample)
    {
        var (exit, text) = await RunAsync("dump", Sample(sample), "--records", "--queues", "--index", "--checkpoint", "--json");
        Assert.Equal(0, exit);
        using var actual = JsonDocument.Parse(text);
        using var expected = JsonDocument.Parse(await File.ReadAllBytesAsync(Sample(sample) + ".expected.json"));
        foreach (string part in (string[])["commitlog", "consumequeue", "index", "checkpoint"])
        {
            Contains(expected.RootElement.GetProperty(part), actual.RootElement.GetProperty(part), part);
        }
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task An_Apache_directory_verifies_and_no_file_of_it_changes(string sample)
    {
        using var temp = new TempDirectory("tools");
        Copy(Sample(sample), temp["store"]);
        Dictionary<string, byte[]> before = Files(temp["store"]);
        foreach (string file in before.Keys)
        {
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
            File.SetAttributes(file, FileAttributes.ReadOnly);
        }

        var (exit, text) = await RunAsync("verify", temp["store"], "--json");
        await RunAsync("stats", temp["store"], "--exact");
        await RunAsync("dump", temp["store"], "--records", "--config", "--index");

        Assert.Equal(0, exit);
        using var report = JsonDocument.Parse(text);
        Assert.True(report.RootElement.GetProperty("sound").GetBoolean());
        Assert.Equal(0, report.RootElement.GetProperty("findings").GetArrayLength());
        Assert.Equal(sample.EndsWith("running", StringComparison.Ordinal), report.RootElement.GetProperty("aborted").GetBoolean());
        Dictionary<string, byte[]> after = Files(temp["store"]);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        foreach (var (path, content) in before)
        {
            Assert.Equal(content, after[path]);
            Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(path));
            File.SetAttributes(path, FileAttributes.Normal);
        }
    }

    [Fact]
    public async Task Damage_ends_with_exit_code_1_and_says_where()
    {
        using var temp = new TempDirectory("tools");
        Copy(Sample("498"), temp["store"]);
        string log = temp["store/commitlog/00000000000000065536"];
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes[2] ^= 4;
        await File.WriteAllBytesAsync(log, bytes);
        await File.WriteAllTextAsync(temp["store/config/topics.json"], "{");
        await File.WriteAllTextAsync(temp["store/config/delayOffset.json"], "{");
        await File.WriteAllTextAsync(temp["store/config/delayOffset.json.bak"], "");

        var (exit, text) = await RunAsync("verify", temp["store"]);
        Assert.Equal(1, exit);
        Assert.Contains("commitlog/00000000000000065536", text, StringComparison.Ordinal);
        Assert.Contains("table-half-written", text, StringComparison.Ordinal);
        Assert.Contains("table-unreadable", text, StringComparison.Ordinal);
        Assert.Contains("Damaged", text, StringComparison.Ordinal);

        var (_, capped) = await RunAsync("verify", temp["store"], "--json", "--max-findings", "1");
        using var report = JsonDocument.Parse(capped);
        Assert.Equal(1, report.RootElement.GetProperty("findings").GetArrayLength());
        Assert.True(report.RootElement.GetProperty("kinds").EnumerateObject().Count() >= 3);
    }

    [Fact]
    public async Task What_cannot_be_read_and_wrong_usage_end_with_exit_code_2()
    {
        using var temp = new TempDirectory("tools");
        Assert.Equal(2, (await RunAsync("verify", temp["nothing"])).Exit);
        Assert.Equal(2, (await RunAsync("verify")).Exit);
        Assert.Equal(2, (await RunAsync("look", temp["nothing"])).Exit);
        Assert.Equal(2, (await RunAsync("dump", temp["nothing"], "--limit", "-1")).Exit);
        Assert.False(Directory.Exists(temp["nothing"]));
    }

    [Fact]
    public async Task Filters_choose_records()
    {
        Assert.Equal(5, await CountAsync("--topic", "T_one", "--limit", "5"));
        Assert.Equal(1, await CountAsync("--topic", "T_one", "--key", "k0"));
        Assert.Equal(1, await CountAsync("--key", "C000020250295FFD2B2767197C130000"));
        Assert.Equal(2, await CountAsync("--from", "197", "--to", "568"));
        Assert.Equal(0, await CountAsync("--topic", "T_one", "--queue", "7"));
        var (_, body) = await RunAsync("dump", Sample("498"), "--limit", "1", "--body", "hex", "--json");
        using var json = JsonDocument.Parse(body);
        JsonElement first = json.RootElement.GetProperty("commitlog")[0];
        Assert.Equal(first.GetProperty("bodyLen").GetInt32() * 2, first.GetProperty("body").GetString()!.Length);
    }

    [Fact]
    public async Task Numbers_from_the_queues_are_those_from_the_records()
    {
        using var fast = JsonDocument.Parse((await RunAsync("stats", Sample("533"), "--json")).Text);
        using var exact = JsonDocument.Parse((await RunAsync("stats", Sample("533"), "--json", "--exact")).Text);
        Assert.Equal(827, exact.RootElement.GetProperty("messages").GetInt64());
        foreach (string name in (string[])["segments", "segmentBytes", "logEnd", "messages", "bytes", "firstStoreTime", "lastStoreTime", "topics"])
        {
            Assert.True(JsonElement.DeepEquals(exact.RootElement.GetProperty(name), fast.RootElement.GetProperty(name)), name);
        }
    }

    private static async Task<int> CountAsync(params string[] filter)
    {
        var (_, text) = await RunAsync(["dump", Sample("498"), "--json", .. filter]);
        using var json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("commitlog").EnumerateArray().Count(static record => record.TryGetProperty("topic", out _));
    }

    private static async Task<(int Exit, string Text)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        int exit = await BrokerProgram.RunAsync(["store", .. arguments], output);
        return (exit, output.ToString());
    }

    /// <summary>Everything expected is there; more may be.</summary>
    private static void Contains(JsonElement expected, JsonElement actual, string path)
    {
        Assert.True(expected.ValueKind == actual.ValueKind, path);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in expected.EnumerateObject())
                {
                    Assert.True(actual.TryGetProperty(property.Name, out JsonElement value), $"{path}.{property.Name}");
                    Contains(property.Value, value, $"{path}.{property.Name}");
                }

                break;
            case JsonValueKind.Array:
                // The reader shows the first five entries of an index file.
                Assert.True(path.StartsWith("index", StringComparison.Ordinal) ? actual.GetArrayLength() >= expected.GetArrayLength() : actual.GetArrayLength() == expected.GetArrayLength(), path);
                for (int i = 0; i < expected.GetArrayLength(); i++)
                {
                    Contains(expected[i], actual[i], $"{path}[{i}]");
                }

                break;
            default:
                Assert.True(JsonElement.DeepEquals(expected, actual), $"{path}: {expected} expected, {actual} found");
                break;
        }
    }

    private static Dictionary<string, byte[]> Files(string directory) =>
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories).ToDictionary(static path => path, File.ReadAllBytes);

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = to + file[from.Length..];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string Sample(string name) => Path.Combine(Golden, name);

    private static string FindGolden()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory!.FullName, "tests", "Golden", "store");
    }
}
