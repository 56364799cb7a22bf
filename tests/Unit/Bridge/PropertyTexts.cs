using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

public sealed class PropertyTexts
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(1000);

    [Fact]
    public void What_is_written_is_read_in_its_order()
    {
        var writer = default(PropertyTextWriter);
        writer.Write(PropertyNames.Tags, "kitchen/temp");
        writer.Write(PropertyNames.Delay, 3);
        writer.Write("empty"u8, ""u8);
        Assert.Equal("TAGS\u0001kitchen/temp\u0002DELAY\u00013\u0002empty\u0001\u0002", Encoding.UTF8.GetString(writer.Written.Text.Span));
        Assert.Equal("kitchen/temp", writer.Written.GetString(PropertyNames.Tags));
        Assert.Equal("", writer.Written.GetString("empty"u8));
        writer.Dispose();
    }

    [Theory]
    [InlineData("a\u0001", "b")]
    [InlineData("a", "b\u0002")]
    [InlineData("", "b")]
    public void Separators_and_empty_names_are_refused_and_nothing_is_written(string name, string value)
    {
        var writer = default(PropertyTextWriter);
        BridgeException refusal = Assert.Throws<BridgeException>(() => writer.Write(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value)));
        Assert.Equal(BridgeError.PropertiesInvalid, refusal.Error);
        Assert.Equal(0, writer.Length);
    }

    [Theory]
    [InlineData("color", "color")]
    [InlineData("TAGS", "user:TAGS")]
    [InlineData("user:TAGS", "user:user:TAGS")]
    [InlineData("user:color", "user:color")]
    [InlineData("mqtt.topic", "user:mqtt.topic")]
    [InlineData("__RMQ.TRANSIENT.x", "user:__RMQ.TRANSIENT.x")]
    [InlineData("", "user:")]
    [InlineData("tags", "tags")]
    public void A_user_name_is_escaped_only_when_it_would_pose_as_a_system_property(string user, string log)
    {
        Assert.Equal(log, Written(user, "v"));
        Assert.True(UserPropertyNames.TryRead(Encoding.UTF8.GetBytes(log), out ReadOnlySpan<byte> back));
        Assert.Equal(user, Encoding.UTF8.GetString(back));
    }

    [Fact]
    public void Every_user_name_comes_back_and_is_no_system_property()
        => Prop.ForAll(
            Names().ToArbitrary(),
            name =>
            {
                byte[] log = Encoding.UTF8.GetBytes(Written(name, "v"));
                return !UserPropertyNames.IsSystem(log)
                    && UserPropertyNames.TryRead(log, out ReadOnlySpan<byte> back)
                    && back.SequenceEqual(Encoding.UTF8.GetBytes(name));
            }).Check(Many);

    [Fact]
    public void Every_log_name_is_a_system_property_or_comes_back()
        => Prop.ForAll(
            Names().Where(name => name.Length > 0).ToArbitrary(),
            name =>
            {
                byte[] log = Encoding.UTF8.GetBytes(name);
                return UserPropertyNames.TryRead(log, out ReadOnlySpan<byte> user)
                    ? Written(Encoding.UTF8.GetString(user), "v") == name
                    : UserPropertyNames.IsSystem(log);
            }).Check(Many);

    [Fact]
    public void Correlation_data_of_any_bytes_comes_back()
        => Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            data =>
            {
                var writer = default(PropertyTextWriter);
                MessageFields.WriteCorrelationData(data, ref writer);
                byte[] back = new byte[data.Length + 8];
                bool read = MessageFields.TryReadCorrelationData(writer.Written, back, out int length);
                writer.Dispose();
                return read && back.AsSpan(0, length).SequenceEqual(data);
            }).Check(Many);

    [Fact]
    public void Typed_fields_come_back_and_nonsense_reads_as_absent()
    {
        var writer = default(PropertyTextWriter);
        var expiry = DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_123);
        MessageFields.WriteContentType("text/plain"u8, ref writer);
        MessageFields.WriteResponseTopic("re/ply"u8, ref writer);
        MessageFields.WriteExpiry(expiry, ref writer);
        MessageFields.WritePayloadFormat(true, ref writer);
        Assert.True(MessageFields.TryReadContentType(writer.Written, out ReadOnlySpan<byte> type) && type.SequenceEqual("text/plain"u8));
        Assert.True(MessageFields.TryReadResponseTopic(writer.Written, out ReadOnlySpan<byte> topic) && topic.SequenceEqual("re/ply"u8));
        Assert.True(MessageFields.TryReadExpiry(writer.Written, out DateTimeOffset read));
        Assert.Equal(expiry, read);
        Assert.True(MessageFields.TryReadPayloadFormat(writer.Written, out bool isText) && isText);

        writer.Clear();
        writer.Write(PropertyNames.MqttExpiresAt, "soon"u8);
        writer.Write(PropertyNames.MqttPayloadFormat, "2"u8);
        writer.Write(PropertyNames.MqttResponseTopic, "a/#"u8);
        writer.Write(PropertyNames.MqttCorrelationData, "!!"u8);
        Assert.False(MessageFields.TryReadExpiry(writer.Written, out _));
        Assert.False(MessageFields.TryReadPayloadFormat(writer.Written, out _));
        Assert.False(MessageFields.TryReadResponseTopic(writer.Written, out _));
        Assert.False(MessageFields.TryReadCorrelationData(writer.Written, new byte[9], out _));
        writer.Dispose();
    }

    [Theory]
    [InlineData("*", null, true)]
    [InlineData("a", "a", true)]
    [InlineData("a || b/c", "b/c", true)]
    [InlineData("a||b", "c", false)]
    [InlineData("a||b", null, false)]
    public void A_tag_expression_matches_its_tags(string expression, string? tag, bool matches)
        => Assert.Equal(matches, ProtoBridgeMQ.Bridge.Streams.TagExpression.Parse(expression).Matches(Encoding.UTF8.GetBytes(tag ?? "")));

    [Theory]
    [InlineData("")]
    [InlineData("a||")]
    [InlineData("||")]
    public void A_tag_expression_without_a_tag_is_refused(string expression)
        => Assert.Equal(
            BridgeError.FilterInvalid,
            Assert.Throws<BridgeException>(() => ProtoBridgeMQ.Bridge.Streams.TagExpression.Parse(expression)).Error);

    private static string Written(string name, string value)
    {
        var writer = default(PropertyTextWriter);
        UserPropertyNames.Write(name, value, ref writer);
        string text = Encoding.UTF8.GetString(writer.Written.Text.Span);
        writer.Dispose();
        return text[..text.IndexOf('\u0001', StringComparison.Ordinal)];
    }

    private static Gen<string> Names()
        => Gen.ArrayOf(Gen.OneOf(
                Gen.Elements("user:", "TAGS", "KEYS", "mqtt.", "topic", "__RMQ.", "x", "é", ":"),
                ArbMap.Default.GeneratorFor<char>().Where(c => !char.IsSurrogate(c) && c is not ('\u0001' or '\u0002')).Select(c => c.ToString())))
            .Select(string.Concat);
}
