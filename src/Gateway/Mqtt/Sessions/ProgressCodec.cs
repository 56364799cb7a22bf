using System.Buffers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Progress records as bytes, big-endian.</summary>
/// <remarks>
/// <code>
/// | version:1 | final:1 | last packet id:2 | brokers:1 | broker ... | positions:4 | position ... | flight:2 | entry ... | left out:8 |
/// broker: | length:1 | UTF-8 |      position: | subscription:4 | broker index:1 | offset:8 |
/// entry: | packet id:2 | 000 retain:1 sent:1 received:1 QoS:2 | identifier:4 | broker index:1 | log offset:8 |
/// | retained:2 | place ... |      place: | subscription:4 | done:1 | name length:2 | name |
/// </code>
/// Version 1 ends before "left out": nothing was. Version 2 ends behind it, version 3 has all.
/// </remarks>
public static class ProgressCodec
{
    private const byte Complete = 1;
    private const byte WithLeftOut = 2;
    private const byte WithRetained = 3;
    private const int Received = 4;
    private const int Sent = 8;
    private const int Retain = 16;

    /// <summary>Encodes a record.</summary>
    public static byte[] Encode(ProgressRecord record)
    {
        var output = new ArrayBufferWriter<byte>(128);
        var writer = new RecordWriter(output);
        List<string> brokers = [.. record.Positions.Select(position => position.Position.Broker).Concat(record.Flight.Select(entry => entry.Place.Broker)).Distinct(StringComparer.Ordinal)];
        writer.WriteByte(record.Retained.Count > 0 ? WithRetained : record.LeftOut > 0 ? WithLeftOut : Complete);
        writer.WriteByte(record.IsFinal ? (byte)1 : (byte)0);
        writer.WriteUInt16(record.LastPacketId);
        writer.WriteByte(checked((byte)brokers.Count));
        foreach (string broker in brokers)
            writer.WriteName(broker);
        writer.WriteUInt32((uint)record.Positions.Count);
        foreach (SubscriptionPosition position in record.Positions)
        {
            writer.WriteUInt32(position.Number);
            writer.WriteByte((byte)brokers.IndexOf(position.Position.Broker));
            writer.WriteInt64(position.Position.Offset);
        }

        writer.WriteUInt16((ushort)record.Flight.Count);
        foreach (FlightEntry entry in record.Flight)
        {
            writer.WriteUInt16(entry.PacketId);
            writer.WriteByte((byte)(entry.Qos | (entry.IsReceived ? Received : 0) | (entry.IsSent ? Sent : 0) | (entry.Retain ? Retain : 0)));
            writer.WriteUInt32(entry.Identifier);
            writer.WriteByte((byte)brokers.IndexOf(entry.Place.Broker));
            writer.WriteInt64(entry.Place.Offset);
        }

        if (record.LeftOut > 0 || record.Retained.Count > 0)
            writer.WriteInt64(record.LeftOut);
        if (record.Retained.Count > 0)
            WritePlaces(writer, record.Retained);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Decodes a record; null when the bytes are not one.</summary>
    public static ProgressRecord? Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new RecordReader(bytes);
        byte version = reader.ReadByte();
        if (version is not (Complete or WithLeftOut or WithRetained))
            return null;
        bool isFinal = reader.ReadByte() != 0;
        ushort last = reader.ReadUInt16();
        int brokerCount = reader.ReadByte();
        var brokers = new List<string>();
        for (int i = 0; i < brokerCount && !reader.Failed; i++)
            brokers.Add(reader.ReadName());
        uint positionCount = reader.ReadUInt32();
        var positions = new List<SubscriptionPosition>();
        for (uint i = 0; i < positionCount && !reader.Failed; i++)
            positions.Add(new SubscriptionPosition(reader.ReadUInt32(), ReadPlace(ref reader, brokers)));
        int flightCount = reader.ReadUInt16();
        var flight = new List<FlightEntry>();
        for (int i = 0; i < flightCount && !reader.Failed; i++)
            flight.Add(ReadEntry(ref reader, brokers));
        long leftOut = version >= WithLeftOut ? reader.ReadInt64() : 0;
        var retained = new List<RetainedPlace>();
        int retainedCount = version >= WithRetained ? reader.ReadUInt16() : 0;
        for (int i = 0; i < retainedCount && !reader.Failed; i++)
            retained.Add(new RetainedPlace(reader.ReadUInt32(), reader.ReadByte() != 0, reader.ReadBytes(reader.ReadUInt16())));
        return reader.IsComplete
            ? new ProgressRecord { LeftOut = leftOut, IsFinal = isFinal, LastPacketId = last, Positions = positions, Flight = flight, Retained = retained }
            : null;
    }

    private static void WritePlaces(RecordWriter writer, IReadOnlyList<RetainedPlace> places)
    {
        writer.WriteUInt16((ushort)places.Count);
        foreach (RetainedPlace place in places)
        {
            writer.WriteUInt32(place.Number);
            writer.WriteByte(place.IsDone ? (byte)1 : (byte)0);
            writer.WriteUInt16((ushort)place.After.Length);
            writer.WriteBytes(place.After.Span);
        }
    }

    private static FlightEntry ReadEntry(ref RecordReader reader, List<string> brokers)
    {
        ushort packetId = reader.ReadUInt16();
        byte flags = reader.ReadByte();
        uint identifier = reader.ReadUInt32();
        return new FlightEntry(packetId, (byte)(flags & 3), (flags & Received) != 0, (flags & Sent) != 0, (flags & Retain) != 0, identifier, ReadPlace(ref reader, brokers));
    }

    private static QueuePosition ReadPlace(ref RecordReader reader, List<string> brokers)
    {
        int index = reader.ReadByte();
        long offset = reader.ReadInt64();
        return new QueuePosition(index < brokers.Count ? brokers[index] : string.Empty, offset);
    }
}
