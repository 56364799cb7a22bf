using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Benchmarks.Load.Mqtt;

/// <summary>The few packets of MQTT 3.1.1 that the measurement needs, written apart from the product's codec.</summary>
/// <remarks>
/// <code>
/// | type 4 bits, flags 4 bits | remaining length, 1 to 4 bytes of 7 bits | variable header | payload |
/// </code>
/// </remarks>
internal static class MqttPackets
{
    public const int Connect = 1;
    public const int Publish = 3;
    public const int Subscribe = 8;

    private const byte PublishAtLeastOnce = 0x32;

    /// <summary>A publish, as views on its bytes.</summary>
    public readonly ref struct PublishView(string topic, ushort identifier, ReadOnlySpan<byte> payload)
    {
        public string Topic { get; } = topic;

        public ushort Identifier { get; } = identifier;

        public ReadOnlySpan<byte> Payload { get; } = payload;
    }

    /// <summary>CONNECT with no keep-alive, with a clean session or one that is kept.</summary>
    public static byte[] ConnectPacket(string clientId, bool isKept = false)
    {
        byte[] id = Encoding.ASCII.GetBytes(clientId);
        return [0x10, (byte)(12 + id.Length), 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, isKept ? (byte)0 : (byte)2, 0, 0, 0, (byte)id.Length, .. id];
    }

    /// <summary>SUBSCRIBE to one filter at QoS 1.</summary>
    public static byte[] SubscribePacket(string filter)
    {
        byte[] name = Encoding.ASCII.GetBytes(filter);
        return [0x82, (byte)(5 + name.Length), 0, 1, 0, (byte)name.Length, .. name, 1];
    }

    /// <summary>CONNECT of version 5 to a session that is kept.</summary>
    public static byte[] Connect5Packet(string clientId, ushort receiveMaximum, ushort expirySeconds)
    {
        byte[] id = Encoding.ASCII.GetBytes(clientId);
        byte[] properties = [0x11, 0, 0, (byte)(expirySeconds >> 8), (byte)expirySeconds, 0x21, (byte)(receiveMaximum >> 8), (byte)receiveMaximum];
        byte[] body = [0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 0, 0, 0, (byte)properties.Length, .. properties, 0, (byte)id.Length, .. id];
        return [0x10, (byte)body.Length, .. body];
    }

    /// <summary>SUBSCRIBE to several filters.</summary>
    public static byte[] SubscribePacket(IReadOnlyList<string> filters, byte qos)
    {
        List<byte> body = [0, 1];
        foreach (string filter in filters)
        {
            body.AddRange([(byte)(filter.Length >> 8), (byte)filter.Length, .. Encoding.ASCII.GetBytes(filter), qos]);
        }

        List<byte> packet = [0x82];
        AddLength(packet, body.Count);
        return [.. packet, .. body];
    }

    /// <summary>A PUBLISH at QoS 1, and where in it the packet identifier and the payload are.</summary>
    public static (byte[] Packet, int IdentifierAt, int PayloadAt) PublishPacket(string topic, int size)
    {
        byte[] name = Encoding.ASCII.GetBytes(topic);
        int remaining = 2 + name.Length + 2 + size;
        List<byte> packet = [PublishAtLeastOnce];
        AddLength(packet, remaining);

        packet.AddRange([0, (byte)name.Length, .. name]);
        int identifierAt = packet.Count;
        packet.AddRange(new byte[2 + size]);
        return ([.. packet], identifierAt, identifierAt + 2);
    }

    /// <summary>A PUBLISH at QoS 0.</summary>
    public static byte[] PublishPacketQos0(string topic, int size)
    {
        byte[] name = Encoding.ASCII.GetBytes(topic);
        List<byte> packet = [0x30];
        AddLength(packet, 2 + name.Length + size);
        packet.AddRange([0, (byte)name.Length, .. name]);
        packet.AddRange(new byte[size]);
        return [.. packet];
    }

    /// <summary>The topic name of a PUBLISH, from the body of the packet.</summary>
    public static ReadOnlySpan<byte> TopicOf(ReadOnlySpan<byte> body) => body.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(body));

    /// <summary>Cuts the first whole packet.</summary>
    public static bool TryCut(in ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> packet)
    {
        packet = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out _))
        {
            return false;
        }

        int length = 0;
        for (int shift = 0; shift < 28; shift += 7)
        {
            if (!reader.TryRead(out byte part))
            {
                return false;
            }

            length |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                break;
            }
        }

        if (reader.Remaining < length)
        {
            return false;
        }

        packet = buffer.Slice(0, reader.Consumed + length);
        return true;
    }

    /// <summary>Reads a publish at QoS 1.</summary>
    public static PublishView ReadPublish(ReadOnlySpan<byte> packet)
    {
        int at = BodyAt(packet);
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
        string topic = Encoding.ASCII.GetString(packet.Slice(at + 2, length));
        at += 2 + length;
        return new PublishView(topic, BinaryPrimitives.ReadUInt16BigEndian(packet[at..]), packet[(at + 2)..]);
    }

    /// <summary>Reads a subscribe with one filter.</summary>
    public static (ushort Identifier, string Filter) ReadSubscribe(ReadOnlySpan<byte> packet)
    {
        int at = BodyAt(packet);
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]);
        return (BinaryPrimitives.ReadUInt16BigEndian(packet[at..]), Encoding.ASCII.GetString(packet.Slice(at + 4, length)));
    }

    private static void AddLength(List<byte> packet, int remaining)
    {
        do
        {
            packet.Add((byte)((remaining & 0x7F) | (remaining > 0x7F ? 0x80 : 0)));
            remaining >>= 7;
        }
        while (remaining > 0);
    }

    private static int BodyAt(ReadOnlySpan<byte> packet)
    {
        int at = 1;
        while (packet[at] >= 0x80)
        {
            at++;
        }

        return at + 1;
    }
}
