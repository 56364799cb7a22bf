using System.Buffers;
using System.Globalization;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using Xunit.Abstractions;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Golden and malformed packets, changed at random: whatever comes, the codec answers, and what it takes it can
/// write and read again. PROTOBRIDGE_MQTT_PACKETS says how many.</summary>
public sealed class CodecFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_611;

    private static readonly int Rounds =
        int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_MQTT_PACKETS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 60_000;

    [Fact]
    public void Changed_packets_are_refused_or_survive_a_round_trip()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        (byte[] Bytes, ProtocolVersion Version)[] seeds =
            [.. GoldenPackets.All.Select(p => (p.Bytes, p.Version)), .. GoldenPackets.Malformed.Select(p => (p.Bytes, p.Version))];
        int taken = 0;
        for (int round = 0; round < Rounds; round++)
        {
            (byte[] seed, ProtocolVersion version) = seeds[random.Next(seeds.Length)];
            byte[] bytes = Damage.Of(seed, random);
            version = random.Next(8) == 0 ? (ProtocolVersion)random.Next(3, 6) : version;
            taken += Try(bytes, version) ? 1 : 0;
        }

        Assert.InRange(taken, Rounds / 20, Rounds);
    }

    private static bool Try(byte[] bytes, ProtocolVersion version)
    {
        ReadOnlySequence<byte> buffer = Pieces.Of(bytes, 7);
        if (FrameCutter.TryCut(ref buffer, 4096, out Frame frame, out ProtocolError error) != CutResult.Frame)
            return false;
        error = PacketText.Decode(frame, version, out IPacket? packet);
        if (packet is null)
        {
            Assert.True(error.IsError, Convert.ToHexString(bytes));
            return false;
        }

        byte[] again = PacketText.Encode(packet, version);
        var whole = new ReadOnlySequence<byte>(again);
        Assert.Equal(CutResult.Frame, FrameCutter.TryCut(ref whole, 1 << 20, out Frame second, out _));
        Assert.Equal(default, PacketText.Decode(second, version, out IPacket? samePacket));
        Assert.Equal(PacketText.Describe(packet), PacketText.Describe(samePacket!));
        return true;
    }
}
