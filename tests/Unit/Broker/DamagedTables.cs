using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Settings;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>Cut and changed tables below <c>config/</c>: what reads them understands them, or says that they are none.</summary>
public sealed class DamagedTables
{
    private const int Mutations = 2000;

    private static readonly Dictionary<string, Func<byte[], object?>> Parsers = new(StringComparer.Ordinal)
    {
        ["topics.json"] = static text => TopicFile.Parse(text),
        ["subscriptionGroup.json"] = static text => SubscriptionGroupFile.Parse(text),
        ["consumerOffset.json"] = static text => OffsetFile.Parse(text, new OffsetTable()),
        ["delayOffset.json"] = static text => DelayOffsetFile.Parse(text, 18),
        ["consumerFilter.json"] = static text => GroupFilterFile.Parse(text),
        ["consumerOrderInfo.json"] = static text => PopOrderFile.Parse(text),
        ["messageRequestMode.json"] = static text => RequestModeFile.Parse(text),
        ["deletedTopics.json"] = DeletedTopics.Parse,
        ["broker.properties"] = BrokerSettings.Parse,
    };

    private static readonly Dictionary<string, string> Own = new(StringComparer.Ordinal)
    {
        ["consumerOrderInfo.json"] = """{"table":{"T_one@g":{0:{"a":"try","cm":1,"i":60000,"l":7,"o":[5,1,2],"oc":{5:1},"ot":{6:1795221127000},"popTime":1795221127000}}}}""",
        ["messageRequestMode.json"] = """{"messageRequestModeMap":{"T_one":{"g":{"consumerGroup":"g","mode":"POP","popShareQueueNum":2,"topic":"T_one"}}}}""",
        ["deletedTopics.json"] = """{"gone":123456,"gone too":7}""",
        ["broker.properties"] = "fileReservedTime=48\ndiskMaxUsedSpaceRatio=80\n",
    };

    public static TheoryData<string> Names => [.. Parsers.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Every_truncation_and_change_of_a_table_is_read_or_refused(string name)
    {
        byte[] sound = Sound(name);
        Assert.NotNull(Parsers[name](sound));
        for (int length = 0; length < sound.Length; length++)
        {
            Read(name, sound[..length]);
        }

        for (int i = 0; i < Mutations; i++)
        {
            Seeded.Run(random => Read(name, Mutate([.. sound], random)));
        }
    }

    [Fact]
    public async Task A_broker_with_changed_tables_starts_and_serves_or_names_the_table()
    {
        using var temp = new TempDirectory("tables");
        for (int i = 0; i < 60; i++)
        {
            await Seeded.RunAsync(async random =>
            {
                string store = temp[$"store{random.Next()}"];
                Copy(Path.Combine(Golden(), "533"), store);
                string name = Parsers.Keys.ElementAt(random.Next(Parsers.Count));
                string path = Path.Combine(store, "config", name);
                await File.WriteAllBytesAsync(path, Mutate(Sound(name), random));
                await OpenAsync(store, path);
                Directory.Delete(store, recursive: true);
            });
        }
    }

    private static async Task OpenAsync(string store, string path)
    {
        BrokerCore core;
        try
        {
            core = BrokerCore.Open(
                new BrokerOptions { DataDirectory = store, MessageDelayLevel = "1s 2s 3s" },
                new IPEndPoint(IPAddress.Loopback, 10911), TimeProvider.System, NullLoggerFactory.Instance, PhysicalFileSystem.Instance);
        }
        catch (StoreUnusableException refusal)
        {
            Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
            return;
        }

        await using (core)
        {
            foreach (BrokerTopic topic in core.Topics.All())
            {
                core.Offsets.Max(topic.Name, 0);
                core.Offsets.Query("g_rt", topic.Name, 0);
            }

            core.Groups.Find("g_rt");
        }
    }

    /// <summary>As <see cref="ProtoBridgeMQ.Store.Config.ConfigFile.Read"/>: what else a parser throws ends the start of a broker.</summary>
    private static void Read(string name, byte[] text)
    {
        try
        {
            Parsers[name](text);
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            // The backup is taken, or the start refused.
        }
    }

    private static byte[] Mutate(byte[] text, Random random)
    {
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            int at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0:
                    text[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    text[at] = (byte)"0123456789-{}[]\",:.eE\\"[random.Next(21)];
                    break;
                case 2:
                    random.NextBytes(text.AsSpan(at, Math.Min(4, text.Length - at)));
                    break;
                case 3:
                    text.AsSpan(at, Math.Min(random.Next(1, 12), text.Length - at)).Fill((byte)'9');
                    break;
                default:
                    int from = random.Next(text.Length);
                    int length = Math.Min(random.Next(1, 60), text.Length - Math.Max(at, from));
                    text.AsSpan(from, length).ToArray().CopyTo(text.AsSpan(at));
                    break;
            }
        }

        return text;
    }

    private static byte[] Sound(string name)
        => Own.TryGetValue(name, out string? text) ? Encoding.UTF8.GetBytes(text) : File.ReadAllBytes(Path.Combine(Golden(), "533", "config", name));

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = to + file[from.Length..];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string Golden()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(directory!.FullName, "tests", "Golden", "store");
    }
}
