using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

public sealed class TopicMappings
{
    private const string TopicCharacters = "abcXYZ019_-%%%|245CDF";

    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(2000);

    [Theory]
    [InlineData("sensors/kitchen/temp", "sensors", "kitchen/temp")]
    [InlineData("a", "a", null)]
    [InlineData("a/", "a", "%")]
    [InlineData("a/%", "a", "%%")]
    [InlineData("a/%%", "a", "%%%")]
    [InlineData("a//b", "a", "/b")]
    [InlineData("a/ ", "a", " ")]
    [InlineData("/b", "%00", "b")]
    [InlineData("/", "%00", "%")]
    [InlineData("é/b", "%C3%A9", "b")]
    [InlineData("a b|c", "a%20b%7Cc", null)]
    [InlineData("%41/x", "%2541", "x")]
    [InlineData("$SYS/x", "%24SYS", "x")]
    [InlineData("$rmq/%RETRY%g", "%RETRY%g", null)]
    [InlineData("$rmq/a|b/t/u", "a|b", "t/u")]
    [InlineData("$rmq/a/x%2By", "a", "x+y")]
    [InlineData("$rmq/%24rmq/x", "%24rmq", "x")]
    public void A_name_maps_to_its_topic_and_tag_and_back(string name, string topic, string? tag)
    {
        Assert.Equal((topic, tag), Map(name));
        Assert.Equal(name, NameOf(topic, tag));
    }

    [Theory]
    [InlineData("$rmq")]
    [InlineData("$rmq/")]
    [InlineData("$rmq/a")]
    [InlineData("$rmq/a/b")]
    [InlineData("$rmq/%C3%A9/b")]
    [InlineData("$rmq/a b")]
    [InlineData("$rmq/a|b/")]
    [InlineData("$rmq/a|b/%")]
    [InlineData("$rmq/a|b/%2b")]
    [InlineData("$rmq/a|b/%41")]
    [InlineData("a/\u0001")]
    [InlineData("\u0002")]
    public void A_name_with_another_spelling_or_a_separator_is_refused(string name)
    {
        BridgeException refusal = Assert.Throws<BridgeException>(() => Map(name));
        Assert.Equal(BridgeError.TopicInvalid, refusal.Error);
    }

    [Fact]
    public void The_longest_topic_passes_and_one_more_character_is_refused()
    {
        Assert.Equal(127, Map(new string('x', 127) + "/t").Topic.Length);
        Assert.Equal(BridgeError.TopicInvalid, Assert.Throws<BridgeException>(() => Map(new string('x', 128))).Error);
        Assert.Equal(BridgeError.TopicInvalid, Assert.Throws<BridgeException>(() => Map(new string('é', 22))).Error);
    }

    [Fact]
    public void Every_MQTT_topic_name_comes_back_from_its_topic_and_tag()
        => Prop.ForAll(
            Names().ToArbitrary(),
            name =>
            {
                (string topic, string? tag) mapped;
                try
                {
                    mapped = Map(name);
                }
                catch (BridgeException refusal) when (refusal.Error == BridgeError.TopicInvalid)
                {
                    return IsRefusable(name);
                }

                return TopicNames.IsValid(mapped.topic) && NameOf(mapped.topic, mapped.tag) == name;
            }).Check(Many);

    [Fact]
    public void Every_RocketMQ_topic_and_tag_comes_back_from_its_name()
        => Prop.ForAll(
            Gen.Zip(Topics(), Tags()).ToArbitrary(),
            pair =>
            {
                string name = NameOf(pair.Item1, pair.Item2);
                return MqttTopicName.IsValid(Encoding.UTF8.GetBytes(name)) && Map(name) == pair;
            }).Check(Many);

    [Fact]
    public void A_tag_that_is_not_UTF8_comes_back_byte_for_byte()
    {
        byte[] name = new byte[64];
        int length = TopicMapping.WriteName("a"u8, [0xC3, (byte)'x', 0xFF], name);
        Assert.Equal("$rmq/a/%C3x%FF", Encoding.UTF8.GetString(name, 0, length));
        byte[] tag = new byte[64];
        Assert.Equal(3, TopicMapping.WriteTag(name.AsSpan(0, length), tag));
        Assert.Equal(new byte[] { 0xC3, (byte)'x', 0xFF }, tag[..3]);
    }

    [Fact]
    public void A_name_that_does_not_fit_is_not_written()
    {
        Assert.Equal(-1, TopicMapping.WriteName("abc"u8, "d"u8, new byte[4]));
        Assert.Equal(5, TopicMapping.WriteName("abc"u8, "d"u8, new byte[5]));
        Assert.Equal(-1, TopicMapping.WriteName("a"u8, new byte[65534].AsSpan(), new byte[70000]));
    }

    [Fact]
    public void The_name_that_was_kept_with_the_message_wins_unless_it_is_no_topic_name()
    {
        Assert.Equal("site/dev/telemetry", DeliveredAs("mqtt.topic\u0001site/dev/telemetry\u0002TAGS\u0001b\u0002"));
        Assert.Equal("t/b", DeliveredAs("mqtt.topic\u0001site/+\u0002TAGS\u0001b\u0002"));
        Assert.Equal("t", DeliveredAs(""));
    }

    [Fact]
    public void The_cache_answers_as_the_mapping_does_and_gives_the_same_string_again()
    {
        var cache = new TopicNameCache(4);
        for (int i = 0; i < 100; i++)
        {
            byte[] name = Encoding.UTF8.GetBytes($"level{i % 20}/rest{i}");
            Assert.Equal($"level{i % 20}", cache.GetTopic(name));
        }

        Assert.Same(cache.GetTopic("é/1"u8), cache.GetTopic("é/2"u8));
        Assert.Equal("a|b", cache.GetTopic("$rmq/a|b/x"u8));
        Assert.Throws<BridgeException>(() => cache.GetTopic("$rmq/a/b"u8));
        Assert.Throws<BridgeException>(() => cache.GetTopic("a/\u0001"u8));
    }

    [Fact]
    public void Mapping_a_known_name_allocates_nothing()
    {
        var cache = new TopicNameCache();
        var properties = default(PropertyTextWriter);
        byte[] room = new byte[256];
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                properties.Clear();
                cache.GetTopic("sensors/kitchen/temp"u8);
                TopicMapping.WriteTag("sensors/kitchen/temp"u8, ref properties);
                TopicMapping.WriteName("sensors"u8, "kitchen/temp"u8, room);
            }
        }));
        properties.Dispose();
    }

    [Theory]
    [InlineData("sensors/+/temp", "sensors")]
    [InlineData("sensors/#", "sensors")]
    [InlineData("/x", "%00")]
    [InlineData("#", null)]
    [InlineData("+/x", null)]
    [InlineData("$rmq/a|b/#", "a|b")]
    [InlineData("$rmq/+/x", null)]
    public void A_filter_names_its_topic_or_all(string filter, string? topic)
        => Assert.Equal(topic, FilterSelection.TopicOf(Encoding.UTF8.GetBytes(filter), new TopicNameCache(4)));

    private static (string Topic, string? Tag) Map(string name)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] topic = new byte[TopicNames.MaxLength];
        int topicLength = TopicMapping.WriteTopic(utf8, topic);
        byte[] tag = new byte[TopicMapping.MaxTagLength(utf8.Length)];
        int tagLength = TopicMapping.WriteTag(utf8, tag);

        var properties = default(PropertyTextWriter);
        TopicMapping.WriteTag(utf8, ref properties);
        Assert.Equal(tagLength < 0 ? null : Encoding.UTF8.GetString(tag, 0, tagLength), properties.Written.GetString(PropertyNames.Tags));
        properties.Dispose();
        return (Encoding.UTF8.GetString(topic, 0, topicLength), tagLength < 0 ? null : Encoding.UTF8.GetString(tag, 0, tagLength));
    }

    private static string NameOf(string topic, string? tag)
    {
        byte[] topicBytes = Encoding.UTF8.GetBytes(topic);
        byte[] tagBytes = Encoding.UTF8.GetBytes(tag ?? string.Empty);
        byte[] name = new byte[TopicMapping.MaxNameLength(topicBytes.Length, tagBytes.Length)];
        int length = TopicMapping.WriteName(topicBytes, tagBytes, name);
        return Encoding.UTF8.GetString(name, 0, length);
    }

    private static string DeliveredAs(string properties)
    {
        using var batch = new MessageBatch();
        byte[] name = new byte[100];
        var message = new BridgeMessage
        {
            Topic = "t",
            QueueId = 0,
            QueueOffset = 0,
            MessageId = default,
            BornAt = default,
            StoredAt = default,
            Attempt = 1,
            Delivery = default,
            Properties = new MessageProperties(Encoding.UTF8.GetBytes(properties)),
            Body = default,
        };
        return Encoding.UTF8.GetString(name, 0, TopicMapping.WriteName(message, name));
    }

    private static bool IsRefusable(string name)
        => name.StartsWith("$rmq", StringComparison.Ordinal)
            || name.AsSpan().ContainsAny('\u0001', '\u0002')
            || Encoding.UTF8.GetByteCount(name.Split('/')[0]) * 3 > TopicNames.MaxLength;

    private static Gen<string> Names()
        => Gen.ArrayOf(Gen.OneOf(
                Gen.Elements("/", "%", "$rmq", "a", "temp", "é", "€", "𐍈", "|", " ", "-", "_", "%00", "%RETRY%g", "\u007f"),
                ArbMap.Default.GeneratorFor<char>().Where(c => !char.IsSurrogate(c) && c is not ('+' or '#' or '\0')).Select(c => c.ToString())))
            .Select(string.Concat)
            .Where(name => name.Length > 0);

    private static Gen<string> Topics()
        => Gen.ArrayOf(Gen.Elements<char>(TopicCharacters.ToCharArray()))
            .Select(characters => new string(characters))
            .Where(TopicNamesIsValid);

    private static Gen<string?> Tags()
        => Gen.ArrayOf(Gen.OneOf(
                Gen.Elements('%', '/', '+', '#', '\0', 'a', ' '),
                ArbMap.Default.GeneratorFor<char>().Where(c => !char.IsSurrogate(c) && c is not ('\u0001' or '\u0002'))))
            .Select(characters => characters.Length == 0 ? null : new string(characters));

    private static bool TopicNamesIsValid(string name) => TopicNames.IsValid(name);
}
