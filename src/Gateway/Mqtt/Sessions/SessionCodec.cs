using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Session records as bytes, big-endian.</summary>
/// <remarks>
/// <code>
/// | version 1:1 | epoch:8 | epoch before:8 | expiry seconds:4 | disconnected at:8 | next number:4 | owner | count:4 | subscriptions |
/// subscription: | number:4 | options:1 | identifier:4 | filter length:2 | filter | positions:2 | broker, offset:8 | ...
/// owner, broker: | length:1 | UTF-8 |
/// </code>
/// </remarks>
public static class SessionCodec
{
    private const byte Version = 1;

    /// <summary>Encodes a record.</summary>
    public static byte[] Encode(SessionRecord record)
    {
        var output = new ArrayBufferWriter<byte>(128);
        var writer = new RecordWriter(output);
        writer.WriteByte(Version);
        writer.WriteInt64(record.Epoch);
        writer.WriteInt64(record.EpochBefore);
        writer.WriteUInt32(record.ExpirySeconds);
        writer.WriteInt64(record.DisconnectedAt);
        writer.WriteUInt32(record.NextNumber);
        writer.WriteName(record.Owner);
        writer.WriteUInt32((uint)record.Subscriptions.Count);
        foreach (SessionSubscription subscription in record.Subscriptions)
        {
            writer.WriteUInt32(subscription.Number);
            writer.WriteByte(subscription.Options);
            writer.WriteUInt32(subscription.Identifier);
            writer.WriteUInt16((ushort)subscription.Filter.Length);
            writer.WriteBytes(subscription.Filter.Span);
            writer.WritePositions(subscription.Start);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Decodes a record; null when the bytes are not one.</summary>
    public static SessionRecord? Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new RecordReader(bytes);
        if (reader.ReadByte() != Version)
            return null;
        long epoch = reader.ReadInt64();
        long before = reader.ReadInt64();
        uint expiry = reader.ReadUInt32();
        long disconnected = reader.ReadInt64();
        uint next = reader.ReadUInt32();
        string owner = reader.ReadName();
        uint count = reader.ReadUInt32();
        var subscriptions = new List<SessionSubscription>();
        for (uint i = 0; i < count && !reader.Failed; i++)
        {
            uint number = reader.ReadUInt32();
            byte options = reader.ReadByte();
            uint identifier = reader.ReadUInt32();
            ReadOnlyMemory<byte> filter = reader.ReadBytes(reader.ReadUInt16());
            subscriptions.Add(new SessionSubscription(number, filter, options, identifier, reader.ReadPositions()));
        }

        return reader.IsComplete
            ? new SessionRecord
            {
                Owner = owner,
                Epoch = epoch,
                EpochBefore = before,
                ExpirySeconds = expiry,
                DisconnectedAt = disconnected,
                NextNumber = next,
                Subscriptions = subscriptions,
            }
            : null;
    }
}

/// <summary>Writes the fields of records of the front's state.</summary>
public readonly struct RecordWriter(ArrayBufferWriter<byte> output)
{
    public void WriteByte(byte value) => output.Write([value]);

    public void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), value);
        output.Advance(2);
    }

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes) => output.Write(bytes);

    /// <summary>A name of at most 255 bytes of UTF-8.</summary>
    public void WriteName(string name)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        WriteByte(checked((byte)utf8.Length));
        WriteBytes(utf8);
    }

    public void WritePositions(IReadOnlyList<QueuePosition> positions)
    {
        WriteUInt16((ushort)positions.Count);
        foreach (QueuePosition position in positions)
        {
            WriteName(position.Broker);
            WriteInt64(position.Offset);
        }
    }
}

/// <summary>Reads the fields of records of the front's state. What is not there reads as nothing and fails the whole.</summary>
public struct RecordReader(ReadOnlyMemory<byte> bytes)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <summary>Whether the bytes ended too early.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whether everything was read, and nothing failed.</summary>
    public readonly bool IsComplete => !Failed && _rest.IsEmpty;

    public byte ReadByte() => Take(1) is { Length: 1 } taken ? taken.Span[0] : (byte)0;

    public ushort ReadUInt16() => Take(2) is { Length: 2 } taken ? BinaryPrimitives.ReadUInt16BigEndian(taken.Span) : (ushort)0;

    public uint ReadUInt32() => Take(4) is { Length: 4 } taken ? BinaryPrimitives.ReadUInt32BigEndian(taken.Span) : 0;

    public long ReadInt64() => Take(8) is { Length: 8 } taken ? BinaryPrimitives.ReadInt64BigEndian(taken.Span) : 0;

    public ReadOnlyMemory<byte> ReadBytes(int count) => Take(count);

    public string ReadName() => Encoding.UTF8.GetString(Take(ReadByte()).Span);

    public IReadOnlyList<QueuePosition> ReadPositions()
    {
        int count = ReadUInt16();
        var positions = new List<QueuePosition>();
        for (int i = 0; i < count && !Failed; i++)
            positions.Add(new QueuePosition(ReadName(), ReadInt64()));
        return positions;
    }

    private ReadOnlyMemory<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            Failed = true;
            return default;
        }

        ReadOnlyMemory<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
