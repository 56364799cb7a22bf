using System.Buffers;
using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

public sealed class FrameCutterTests
{
    private const int MaxLength = 1024;

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(MaxLength + 1)]
    public void A_length_that_cannot_be_is_refused_before_more_is_read(int length)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        Assert.Equal(FrameStatus.ProtocolError, Cut(bytes, out var error));
        Assert.Contains("frame length", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_longer_than_its_frame_is_refused_before_more_is_read()
    {
        Assert.Equal(FrameStatus.ProtocolError, Cut([0, 0, 0, 10, 0, 0, 0, 7], out var error));
        Assert.Contains("header length 7", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_serialize_type_is_refused()
    {
        Assert.Equal(FrameStatus.ProtocolError, Cut([0, 0, 0, 10, 2, 0, 0, 6], out var error));
        Assert.Contains("serialize type 2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_allowed_frame_is_waited_for()
    {
        Assert.Equal(FrameStatus.NeedMore, Cut([0, 0, MaxLength >> 8, MaxLength & 255, 0, 0, 0, 0], out _));
    }

    [Fact]
    public void Frames_are_cut_one_by_one_however_the_buffer_is_split()
    {
        var first = RecordedFrames.All[0].Bytes;
        var second = RecordedFrames.All[200].Bytes;
        byte[] both = [.. first, .. second];
        for (var split = 1; split < 40; split++)
        {
            var buffer = Split(both, split);
            Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, both.Length, out var one, out _));
            Assert.Equal(first, (byte[])[.. first[..8], .. one.Header.ToArray(), .. one.Body.ToArray()]);
            Assert.Null(new RemotingHeader().Decode(one));
            Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, both.Length, out var two, out _));
            Assert.Equal(second, (byte[])[.. second[..8], .. two.Header.ToArray(), .. two.Body.ToArray()]);
            Assert.Null(new RemotingHeader().Decode(two));
            Assert.True(buffer.IsEmpty);
        }
    }

    [Fact]
    public void Mutated_frames_give_a_frame_or_an_error_and_never_an_exception() => Seeded.Run(random =>
    {
        var header = new RemotingHeader();
        for (var round = 0; round < 100_000; round++)
        {
            var bytes = RecordedFrames.All[random.Next(RecordedFrames.All.Count)].Bytes.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
                bytes[random.Next(Math.Min(bytes.Length, 400))] = (byte)random.Next(256);
            var buffer = new ReadOnlySequence<byte>(bytes);
            if (FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out var frame, out _) != FrameStatus.Frame)
                continue;
            if (header.Decode(frame) is null)
                ReadAll(header.Fields);
        }
    });

    private static void ReadAll(HeaderFields fields)
    {
        for (var index = 0; index < fields.Count; index++)
        {
            Assert.True(fields.TryGet(fields.NameAt(index), out _));
            Assert.NotNull(fields.ValueAt(index).ToString());
        }
    }

    private static FrameStatus Cut(byte[] bytes, out string? error)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        return FrameCutter.TryCut(ref buffer, MaxLength, out _, out error);
    }

    private static ReadOnlySequence<byte> Split(byte[] bytes, int size)
    {
        var first = new Segment(bytes.AsMemory(0, size), 0);
        var last = first;
        for (var at = size; at < bytes.Length; at += size)
            last = last.Append(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
