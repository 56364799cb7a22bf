using System.Buffers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>A packet that can be written. Structs implement it too and are written through a type parameter, unboxed.</summary>
public interface IPacket
{
    /// <summary>The kind, for the fixed header.</summary>
    PacketType Type { get; }

    /// <summary>The lower four bits of the fixed header.</summary>
    byte Flags { get; }

    /// <summary>Size of everything after the fixed header.</summary>
    int GetBodySize(ProtocolVersion version);

    /// <summary>Writes exactly that many bytes.</summary>
    void WriteBody(ref PacketWriter writer, ProtocolVersion version);
}

/// <summary>Puts the fixed header before a packet.</summary>
/// <remarks>
/// <code>
/// +----------------+------------------------+------+
/// | type:4 flags:4 | remaining length 1..4  | body |
/// +----------------+------------------------+------+
/// </code>
/// </remarks>
public static class PacketEncoder
{
    /// <summary>Whole size of the packet.</summary>
    public static int GetSize<T>(in T packet, ProtocolVersion version)
        where T : IPacket
    {
        int body = packet.GetBodySize(version);
        return 1 + PacketWriter.SizeOfVariableInteger((uint)body) + body;
    }

    /// <summary>Writes the packet and returns its size.</summary>
    public static int Write<T>(IBufferWriter<byte> output, in T packet, ProtocolVersion version)
        where T : IPacket
    {
        int body = packet.GetBodySize(version);
        int size = 1 + PacketWriter.SizeOfVariableInteger((uint)body) + body;
        var writer = new PacketWriter(output.GetSpan(size)[..size]);
        writer.WriteByte((byte)(((int)packet.Type << 4) | packet.Flags));
        writer.WriteVariableInteger((uint)body);
        packet.WriteBody(ref writer, version);
        if (writer.Written != size)
            throw new InvalidOperationException($"{packet.Type} announced {size} bytes and wrote {writer.Written}");
        output.Advance(size);
        return size;
    }
}
