using System.Buffers;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>Tables under <c>config/</c> that Apache RocketMQ wrote: read, written again, and repaired.</summary>
public sealed class TablesOfApache
{
    public static TheoryData<string> Samples => ["498", "533", "498-running", "533-running"];

    public static TheoryData<string> Tables => ["topics.json", "subscriptionGroup.json", "consumerOffset.json", "delayOffset.json", "consumerFilter.json"];

    [Theory, MemberData(nameof(Samples))]
    public void Topics_are_written_as_they_were_read(string sample)
    {
        SavedTopics saved = TopicFile.Parse(Read(sample, "topics.json"))!;
        Compare(sample, "topics.json", output => TopicFile.Write(output, saved.Version, saved.Topics));
    }

    [Theory, MemberData(nameof(Samples))]
    public void Groups_are_written_as_they_were_read(string sample)
    {
        SavedGroups saved = SubscriptionGroupFile.Parse(Read(sample, "subscriptionGroup.json"))!;
        Compare(sample, "subscriptionGroup.json", output => SubscriptionGroupFile.Write(output, saved.Version, saved.Groups, saved.Kept));
    }

    [Theory, MemberData(nameof(Samples))]
    public void Progress_is_written_as_it_was_read(string sample)
    {
        byte[] text = Read(sample, "consumerOffset.json");
        var table = new OffsetTable();
        Assert.True(OffsetFile.Parse(text, table));

        // Which topics a group reads is not read back by Apache: it is found out again.
        Compare(sample, "consumerOffset.json", output => OffsetFile.Write(output, DataVersion.OfFile(text), table), "groupTopicMap");
    }

    [Theory, MemberData(nameof(Samples))]
    public void Delays_are_written_as_they_were_read(string sample)
    {
        byte[] text = Read(sample, "delayOffset.json");
        long[] offsets = DelayOffsetFile.Parse(text, 18)!;
        Compare(sample, "delayOffset.json", output => DelayOffsetFile.Write(output, DataVersion.OfFile(text), offsets));
    }

    [Fact]
    public void Settings_of_a_group_that_are_not_known_are_kept()
    {
        const string text = """
            {"dataVersion":{"counter":1,"stateVersion":0,"timestamp":2},"forbiddenTable":{"g":{"T":3}},"later":[1],
             "subscriptionGroupTable":{"g":{"groupName":"g","attributes":{"priority.factor":"7"},
              "groupRetryPolicy":{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}},
              "subscriptionDataSet":[{"topic":"T"}],"retryMaxTimes":3}}}
            """;
        SavedGroups saved = SubscriptionGroupFile.Parse(System.Text.Encoding.UTF8.GetBytes(text))!;
        using JsonDocument before = JsonDocument.Parse(text);
        using JsonDocument after = JsonDocument.Parse(Written(output => SubscriptionGroupFile.Write(output, saved.Version, saved.Groups, saved.Kept)));
        Contains(before.RootElement, after.RootElement, string.Empty);
        Assert.Equal(saved.Groups[0], SubscriptionGroupFile.Read("g", after.RootElement.GetProperty("subscriptionGroupTable").GetProperty("g")));
    }

    [Theory, MemberData(nameof(Tables))]
    public async Task HalfWrittenTable_takes_the_backup_and_puts_it_back(string name)
    {
        using var temp = new TempDirectory("tables");
        Copy("533", temp["store"]);
        string path = temp["store/config/" + name];
        byte[] whole = await File.ReadAllBytesAsync(path);
        await File.WriteAllBytesAsync(path + ".bak", whole);
        await File.WriteAllBytesAsync(path, whole[..(whole.Length / 2)]);
        await using (BrokerCore core = Open(temp["store"]))
        {
            Assert.NotNull(core.Topics.Find("T_one"));
            Assert.Equal(15, core.Offsets.Query("g_rt", "T_cons", 0));
        }

        using JsonDocument? after = TableJson.Parse(await File.ReadAllBytesAsync(path));
        Assert.NotNull(after);
    }

    [Theory, MemberData(nameof(Tables))]
    public async Task A_table_without_a_readable_backup_stops_the_start_and_stays(string name)
    {
        using var temp = new TempDirectory("tables");
        Copy("533", temp["store"]);
        await File.WriteAllTextAsync(temp["store/config/" + name], "{\"x");
        await File.WriteAllTextAsync(temp["store/config/" + name + ".bak"], "{");
        var refusal = Assert.Throws<StoreUnusableException>(() => Open(temp["store"]));
        Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
        Assert.Equal("{\"x", await File.ReadAllTextAsync(temp["store/config/" + name]));
    }

    [Theory, MemberData(nameof(Samples))]
    public async Task What_this_broker_does_not_use_stays_as_it_is(string sample)
    {
        using var temp = new TempDirectory("tables");
        Copy(sample, temp["store"]);
        // Filters that nobody uses are forgotten after a day: it is the hour at which the sample was made.
        await using (Open(temp["store"], new ManualClock(DateTimeOffset.FromUnixTimeMilliseconds(1_795_221_000_000))))
        {
        }

        string[] others = ["consumerFilter.json", "consumerFilter.json.bak", "consumerOrderInfo.json", "timercheck", "timermetrics", "transactionMetrics"];
        foreach (string name in others.Where(name => File.Exists(Path.Combine(Golden(sample), "config", name))))
        {
            Assert.Equal(Read(sample, name), await File.ReadAllBytesAsync(temp["store/config/" + name]));
        }
    }

    private static BrokerCore Open(string directory, TimeProvider? clock = null) => BrokerCore.Open(
        new BrokerOptions { DataDirectory = directory, MessageDelayLevel = "1s 2s 3s" },
        new IPEndPoint(IPAddress.Loopback, 10911), clock ?? TimeProvider.System, NullLoggerFactory.Instance, PhysicalFileSystem.Instance);

    private static void Compare(string sample, string name, Action<IBufferWriter<byte>> write, params string[] but)
    {
        using JsonDocument before = TableJson.Parse(Read(sample, name))!;
        using JsonDocument after = TableJson.Parse(Written(write))!;
        Contains(before.RootElement, after.RootElement, string.Empty, but);
    }

    private static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }

    private static void Contains(JsonElement expected, JsonElement actual, string path, params string[] but)
    {
        if (expected.ValueKind != JsonValueKind.Object)
        {
            Assert.True(JsonElement.DeepEquals(expected, actual), $"{path}: {expected} expected, {actual} found");
            return;
        }

        foreach (JsonProperty property in expected.EnumerateObject().Where(property => !but.Contains(property.Name)))
        {
            Assert.True(actual.TryGetProperty(property.Name, out JsonElement value), $"{path}.{property.Name} is lost");
            Contains(property.Value, value, $"{path}.{property.Name}");
        }
    }

    private static byte[] Read(string sample, string name) => File.ReadAllBytes(Path.Combine(Golden(sample), "config", name));

    private static void Copy(string sample, string to)
    {
        foreach (string file in Directory.GetFiles(Golden(sample), "*", SearchOption.AllDirectories))
        {
            string target = to + file[Golden(sample).Length..];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string Golden(string sample)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory!.FullName, "tests", "Golden", "store", sample);
    }
}
