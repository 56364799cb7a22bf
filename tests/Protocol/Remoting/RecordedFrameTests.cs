using System.Buffers;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class RecordedFrameTests
{
    [Fact]
    public void Every_recorded_frame_decodes_to_what_the_index_says()
    {
        Assert.True(RecordedFrames.All.Count > 500);
        var header = new RemotingHeader();
        foreach (var recorded in RecordedFrames.All)
        {
            var frame = RecordedFrames.Cut(recorded.Bytes);
            Assert.Null(header.Decode(frame));
            var index = recorded.Index;
            var code = recorded.IsResponse ? index.GetProperty("responseCode").GetInt32() : recorded.RequestCode;
            Assert.Equal((recorded.File, code), (recorded.File, header.Code));
            Assert.Equal(index.GetProperty("opaque").GetInt32(), header.Opaque);
            Assert.Equal(index.GetProperty("flag").GetInt32(), (int)header.Flags);
            Assert.Equal(index.GetProperty("rmqVersion").GetInt32(), header.Version);
            Assert.Equal(index.GetProperty("language").GetString(), Encoding.UTF8.GetString(LanguageNames.ToUtf8(header.Language)));
            Assert.Equal(index.GetProperty("remark").GetString() ?? "", header.Remark.ToString());
            Assert.Equal(index.GetProperty("serialize").GetString() == "JSON", header.Serialization == SerializeType.Json);
            Assert.Equal(index.GetProperty("bodyBytes").GetInt32(), frame.Body.Length);
            Assert.Equal(Fields(index), Fields(header.Fields));
        }
    }

    [Fact]
    public void Every_recorded_frame_is_written_again_byte_for_byte()
    {
        foreach (var recorded in RecordedFrames.All)
        {
            var frame = RecordedFrames.Cut(recorded.Bytes);
            var header = new RemotingHeader();
            Assert.Null(header.Decode(frame));
            var writer = new FrameWriter();
            writer.Fields.KeepOrder = true;
            for (var index = 0; index < header.Fields.Count; index++)
                writer.Fields.Add(header.Fields.NameAt(index), header.Fields.ValueAt(index));
            AssertSame(recorded, Write(writer, header, frame, header.Fields.IsPresent));
        }
    }

    [Fact]
    public void Every_recorded_frame_has_its_fields_in_the_order_of_a_Java_map()
    {
        foreach (var recorded in RecordedFrames.All.Where(frame => frame.Index.GetProperty("serialize").GetString() == "JSON"))
        {
            var names = Fields(recorded.Index).Select(field => field.Name).ToList();
            Assert.True(
                IsInOrder(names, JavaHashMapOrder.DefaultCapacity) || IsInOrder(names, JavaHashMapOrder.AddedFieldsCapacity),
                $"{recorded.File}: {string.Join(',', names)}");
        }
    }

    [Fact]
    public void Typed_headers_write_recorded_frames_again_byte_for_byte()
    {
        var seen = new HashSet<(int, bool)>();
        foreach (var recorded in RecordedFrames.All)
        {
            if (TypedHeaders.Find(recorded.RequestCode, recorded.IsResponse) is not { } copy)
                continue;
            var frame = RecordedFrames.Cut(recorded.Bytes);
            var header = new RemotingHeader();
            Assert.Null(header.Decode(frame));
            if (recorded.IsResponse && header.Fields.Count == 0)
                continue;
            seen.Add((recorded.RequestCode, recorded.IsResponse));
            // 5.x begins with a larger table than 4.x where fields were added by name first.
            if (!WriteTyped(header, frame, copy, JavaHashMapOrder.DefaultCapacity).AsSpan().SequenceEqual(recorded.Bytes))
                AssertSame(recorded, WriteTyped(header, frame, copy, JavaHashMapOrder.AddedFieldsCapacity));
        }
        Assert.True(seen.Count >= 30, $"only {seen.Count} kinds of typed headers were recorded");
    }

    [Fact]
    public void Every_truncation_of_a_recorded_frame_needs_more()
    {
        foreach (var recorded in RecordedFrames.All)
        {
            for (var length = 0; length < recorded.Bytes.Length; length += recorded.Bytes.Length > 2000 && length > 600 ? 97 : 1)
            {
                var buffer = new ReadOnlySequence<byte>(recorded.Bytes, 0, length);
                var status = FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out _, out _);
                Assert.Equal((recorded.File, length, FrameStatus.NeedMore), (recorded.File, length, status));
                Assert.Equal(length, buffer.Length);
            }
        }
    }

    private static List<(string Name, string Value)> Fields(JsonElement index)
    {
        var fields = index.GetProperty("extFields");
        return fields.ValueKind == JsonValueKind.Null
            ? []
            : [.. fields.EnumerateObject().Select(field => (field.Name, field.Value.GetString()!))];
    }

    private static List<(string Name, string Value)> Fields(HeaderFields fields) =>
        [.. Enumerable.Range(0, fields.Count).Select(index => (Encoding.UTF8.GetString(fields.NameAt(index)), fields.ValueAt(index).ToString()))];

    private static bool IsInOrder(List<string> names, int initialCapacity)
    {
        var mask = (uint)JavaHashMapOrder.Capacity(initialCapacity, names.Count) - 1;
        var buckets = names.Select(name => JavaHashMapOrder.Hash(name.AsSpan()) & mask).ToList();
        return buckets.SequenceEqual(buckets.Order());
    }

    private static byte[] WriteTyped(
        RemotingHeader header, in Frame frame, Action<HeaderFields, HeaderFieldsWriter> copy, int capacity)
    {
        var writer = new FrameWriter();
        copy(header.Fields, writer.Fields);
        // What access control adds to any request.
        writer.Fields.Add("AccessKey"u8, header.Fields.GetTextOrAbsent("AccessKey"u8));
        writer.Fields.Add("Signature"u8, header.Fields.GetTextOrAbsent("Signature"u8));
        writer.Fields.TableCapacity = capacity;
        return Write(writer, header, frame, hasFields: true);
    }

    private static byte[] Write(FrameWriter writer, RemotingHeader header, in Frame frame, bool hasFields)
    {
        var start = new HeaderStart(header.Code, header.Opaque, header.Flags, header.Serialization, header.Language, header.Version);
        var output = new ArrayBufferWriter<byte>();
        writer.Write(output, start, header.Remark, hasFields, (int)frame.Body.Length);
        output.Write(frame.Body.ToArray());
        return output.WrittenSpan.ToArray();
    }

    private static void AssertSame(RecordedFrame recorded, byte[] written)
    {
        if (!written.AsSpan().SequenceEqual(recorded.Bytes))
            Assert.Fail($"{recorded.File}\nrecorded {Printable(recorded.Bytes)}\nwritten  {Printable(written)}");
    }

    private static string Printable(byte[] bytes) => Encoding.Latin1.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 900)));
}
