using System.Buffers;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class CodecTests
{
    private const int Limit = 1 << 20;

    public static TheoryData<string> Golden => [.. GoldenPackets.All.Select(packet => packet.Name)];

    public static TheoryData<string> Malformed => [.. GoldenPackets.Malformed.Select(packet => packet.Name)];

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_golden_packet_decodes_to_what_its_row_says_and_encodes_to_its_bytes(string name)
    {
        GoldenPacket golden = Find(name);
        var buffer = new ReadOnlySequence<byte>(golden.Bytes);
        Assert.Equal(CutResult.Frame, FrameCutter.TryCut(ref buffer, Limit, out Frame frame, out _));
        Assert.True(buffer.IsEmpty);
        Assert.Equal(default, PacketText.Decode(frame, golden.Version, out IPacket? packet));
        Assert.NotNull(packet);
        Assert.Equal(golden.Decoded, PacketText.Describe(packet));

        byte[] encoded = PacketText.Encode(packet, golden.Version);
        Assert.Equal(PacketEncoder.GetSize(packet, golden.Version), encoded.Length);
        if (golden.EncodesToSame)
            Assert.Equal(Convert.ToHexString(golden.Bytes), Convert.ToHexString(encoded));
        else
            Assert.True(encoded.Length < golden.Bytes.Length);
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void Every_beginning_of_a_golden_packet_needs_more(string name)
    {
        byte[] bytes = Find(name).Bytes;
        for (int length = 0; length < bytes.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.Equal(CutResult.NeedMore, FrameCutter.TryCut(ref buffer, Limit, out _, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void A_golden_packet_in_pieces_of_one_byte_is_cut_like_the_whole(string name)
    {
        GoldenPacket golden = Find(name);
        ReadOnlySequence<byte> buffer = Pieces.Of([.. golden.Bytes, 0xC0, 0x00], 1);
        Assert.Equal(CutResult.Frame, FrameCutter.TryCut(ref buffer, Limit, out Frame frame, out _));
        Assert.Equal(2, buffer.Length);
        Assert.Equal(default, PacketText.Decode(frame, golden.Version, out IPacket? packet));
        Assert.Equal(golden.Decoded, PacketText.Describe(packet!));
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_packet_is_refused_with_its_reason(string name)
    {
        MalformedPacket malformed = GoldenPackets.Malformed.Single(packet => packet.Name == name);
        var buffer = new ReadOnlySequence<byte>(malformed.Bytes);
        CutResult result = FrameCutter.TryCut(ref buffer, Limit, out Frame frame, out ProtocolError error);
        Assert.NotEqual(CutResult.NeedMore, result);
        if (result == CutResult.Frame)
            error = PacketText.Decode(frame, malformed.Version, out _);
        Assert.Equal(malformed.Reason, error.Reason);
        Assert.NotEmpty(error.Text);
    }

    [Fact]
    public void A_wrong_first_byte_is_known_before_the_rest_has_come()
    {
        var buffer = new ReadOnlySequence<byte>([0x80]);
        Assert.Equal(CutResult.Invalid, FrameCutter.TryCut(ref buffer, Limit, out _, out ProtocolError error));
        Assert.Equal(ReasonCode.MalformedPacket, error.Reason);
    }

    [Fact]
    public void Every_golden_kind_and_property_is_there()
    {
        var kinds = GoldenPackets.All.Select(packet => packet.Bytes[0] >> 4).ToHashSet();
        Assert.Equal(15, kinds.Count);
        foreach (PropertyId id in Enum.GetValues<PropertyId>())
            Assert.Contains(GoldenPackets.All, packet => packet.Decoded.Contains($"{id}=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0u, 1)]
    [InlineData(127u, 1)]
    [InlineData(128u, 2)]
    [InlineData(16_383u, 2)]
    [InlineData(16_384u, 3)]
    [InlineData(2_097_151u, 3)]
    [InlineData(2_097_152u, 4)]
    [InlineData(268_435_455u, 4)]
    public void A_variable_integer_takes_as_few_bytes_as_it_can(uint value, int size)
    {
        byte[] bytes = new byte[4];
        var writer = new PacketWriter(bytes);
        writer.WriteVariableInteger(value);
        Assert.Equal(size, writer.Written);
        Assert.Equal(size, PacketWriter.SizeOfVariableInteger(value));
        var reader = new PacketReader(bytes.AsMemory(0, size));
        Assert.Equal(value, reader.ReadVariableInteger());
        Assert.False(reader.Finish().IsError);
    }

    private static GoldenPacket Find(string name) => GoldenPackets.All.Single(packet => packet.Name == name);
}
