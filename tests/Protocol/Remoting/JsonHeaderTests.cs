using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class JsonHeaderTests
{
    [Fact]
    public void Members_come_in_any_order_with_unknown_ones_and_nulls()
    {
        var header = Decode("""
            { "version" : 63, "what": {"a":[1,{"b":"}"}]}, "remark":null, "opaque":"12", "extFields": null,
              "flag":2, "code":105, "language":"NODE_JS", "suspended":false, "serializeTypeCurrentRPC":"JSON" }
            """);
        Assert.Equal((105, 12, 63), (header.Code, header.Opaque, header.Version));
        Assert.Equal(LanguageCode.NodeJs, header.Language);
        Assert.True(header.IsOneWay);
        Assert.False(header.Remark.IsPresent);
        Assert.Equal(0, header.Fields.Count);
    }

    [Fact]
    public void Field_values_may_be_strings_numbers_booleans_or_null()
    {
        var fields = Decode("""{"code":11,"extFields":{"queueId":3,"topic":"t","subVersion":"1720000000000","k":true,"none":null,"neg":-1}}""").Fields;
        Assert.Equal(3, fields.GetInt32("queueId"u8));
        Assert.Equal("t", fields.GetString("topic"u8));
        Assert.Equal(1720000000000, fields.GetInt64("subVersion"u8));
        Assert.True(fields.GetBoolean("k"u8));
        Assert.Equal(-1, fields.GetInt64("neg"u8));
        Assert.Null(fields.GetStringOrNull("none"u8));
        Assert.False(fields.Contains("none"u8));
    }

    [Fact]
    public void Names_may_be_unquoted_or_in_single_quotes_and_commas_may_stray()
    {
        var header = Decode("{code:105,'opaque':5,,extFields:{topic:'a\\'b',0:\"zero\",},}");
        Assert.Equal((105, 5), (header.Code, header.Opaque));
        Assert.Equal("a'b", header.Fields.GetString("topic"u8));
        Assert.Equal("zero", header.Fields.GetString("0"u8));
    }

    [Fact]
    public void Escapes_of_JSON_and_of_fastjson_are_understood()
    {
        var fields = Decode("""{"extFields":{"i":"A\u0001B\u0002\n\t\"\\\/\x41\v\u00e9\ud83d\ude00 \ud83d."}}""").Fields;
        Assert.Equal("A\u0001B\u0002\n\t\"\\/A\v\u00e9\U0001F600 \uFFFD.", fields.GetString("i"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"code\":}")]
    [InlineData("{\"code\":1")]
    [InlineData("{\"code\":\"x\"}")]
    [InlineData("{\"code\":99999999999}")]
    [InlineData("{\"remark\":\"\\u00\"}")]
    [InlineData("{\"remark\":\"open")]
    [InlineData("{\"extFields\":[]}")]
    [InlineData("{\"extFields\":{\"a\":{\"b\":1}")]
    public void A_broken_header_is_an_error(string json) => Assert.NotNull(new RemotingHeader().Decode(FrameOf(json)));

    [Fact]
    public void Deep_nesting_is_an_error_and_not_a_stack_overflow() =>
        Assert.NotNull(new RemotingHeader().Decode(FrameOf("{\"a\":" + new string('[', 100_000))));

    [Fact]
    public void A_missing_or_malformed_field_is_named()
    {
        var fields = Decode("""{"extFields":{"queueId":"three"}}""").Fields;
        Assert.Equal("topic", Assert.Throws<HeaderFieldException>(() => fields.GetString("topic"u8)).Field);
        Assert.Equal("queueId", Assert.Throws<HeaderFieldException>(() => fields.GetInt32("queueId"u8)).Field);
    }

    [Fact]
    public void Strings_are_escaped_as_fastjson_escapes_them()
    {
        var writer = new FrameWriter();
        writer.Fields.Add("i"u8, "K\u0001v\u0002\"\\\b\f\n\r\t\u000B/\u007F\u0085\u2028\u00E9\u20AC");
        var output = new ArrayBufferWriter<byte>();
        writer.Write(output, default, default, true, 0);
        Assert.Contains(
            "{\"i\":\"K\\u0001v\\u0002\\\"\\\\\\b\\f\\n\\r\\t\\u000B/\\u007F\\u0085\\u2028\u00E9\u20AC\"}",
            Encoding.UTF8.GetString(output.WrittenSpan),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_object_forgets_the_frame_before()
    {
        var header = new RemotingHeader();
        Assert.Null(header.Decode(FrameOf("""{"code":1,"flag":1,"remark":"r","extFields":{"a":"1"}}""")));
        Assert.Null(header.Decode(FrameOf("{}")));
        Assert.Equal((0, false, false, 0), (header.Code, header.IsResponse, header.Remark.IsPresent, header.Fields.Count));
    }

    private static RemotingHeader Decode(string json)
    {
        var header = new RemotingHeader();
        Assert.Null(header.Decode(FrameOf(json)));
        return header;
    }

    private static ProtoBridgeMQ.Remoting.Frames.Frame FrameOf(string json)
    {
        var header = Encoding.UTF8.GetBytes(json);
        var bytes = new byte[8 + header.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, 4 + header.Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), header.Length);
        header.CopyTo(bytes, 8);
        return RecordedFrames.Cut(bytes);
    }
}
