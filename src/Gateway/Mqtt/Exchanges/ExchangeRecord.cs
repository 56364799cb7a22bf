using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Mqtt.Exchanges;

/// <summary>
/// What is kept of the QoS 2 exchanges of a session in which this server receives. Messages are numbered in their order;
/// those before <see cref="Number"/> are settled: received are the ones in <see cref="Received"/>, and no others. Those from
/// it on are in the log, in one of <see cref="Topics"/>, or not stored.
/// </summary>
/// <remarks>
/// <code>
/// | version 2:1 | closed:1 | number:8 | look from:8 | written at:8 |
/// | count:4 | packet identifiers: 2 each | count:4 | topics: length 1, ASCII | count:4 | brokers: length 1, UTF-8 |
/// </code>
/// Big-endian. Version 1 ends before the brokers.
/// </remarks>
public sealed record ExchangeRecord
{
    private const byte WithoutBrokers = 1;
    private const byte Version = 2;
    private const int Fixed = 1 + 1 + 8 + 8 + 8 + 4;

    /// <summary>The first message that is not settled.</summary>
    public required long Number { get; init; }

    /// <summary>No message from <see cref="Number"/> on was stored before, Unix milliseconds.</summary>
    public required long LookFrom { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long WrittenAt { get; init; }

    /// <summary>Whether the connection ended in order: nothing followed.</summary>
    public bool IsClosed { get; init; }

    /// <summary>Packet identifiers that wait for their PUBREL.</summary>
    public IReadOnlyList<ushort> Received { get; init; } = [];

    /// <summary>RocketMQ topics.</summary>
    public IReadOnlyCollection<string> Topics { get; init; } = [];

    /// <summary>Brokers that messages from <see cref="Number"/> on may be on: none of them may be left out when they are looked for.</summary>
    public IReadOnlyCollection<string> Brokers { get; init; } = [];

    /// <summary>Decodes a record; null when the bytes are not one.</summary>
    public static ExchangeRecord? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Fixed || bytes[0] is not (Version or WithoutBrokers))
            return null;
        int ids = BinaryPrimitives.ReadInt32BigEndian(bytes[26..]);
        if (ids is < 0 or > ushort.MaxValue || bytes.Length < Fixed + (2 * ids) + 4)
            return null;
        var received = new ushort[ids];
        for (int i = 0; i < ids; i++)
            received[i] = BinaryPrimitives.ReadUInt16BigEndian(bytes[(Fixed + (2 * i))..]);
        ReadOnlySpan<byte> rest = bytes[(Fixed + (2 * ids))..];
        var topics = new List<string>();
        var brokers = new List<string>();
        if (!TryReadNames(ref rest, topics) || (bytes[0] == Version && !TryReadNames(ref rest, brokers)))
            return null;
        return new ExchangeRecord
        {
            IsClosed = bytes[1] == 1,
            Number = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            LookFrom = BinaryPrimitives.ReadInt64BigEndian(bytes[10..]),
            WrittenAt = BinaryPrimitives.ReadInt64BigEndian(bytes[18..]),
            Received = received,
            Topics = topics,
            Brokers = brokers,
        };
    }

    /// <summary>Encodes it.</summary>
    public byte[] Encode()
    {
        var output = new ArrayBufferWriter<byte>(Fixed + (2 * Received.Count) + 64);
        Span<byte> head = output.GetSpan(Fixed + (2 * Received.Count));
        head[0] = Version;
        head[1] = IsClosed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64BigEndian(head[2..], Number);
        BinaryPrimitives.WriteInt64BigEndian(head[10..], LookFrom);
        BinaryPrimitives.WriteInt64BigEndian(head[18..], WrittenAt);
        BinaryPrimitives.WriteInt32BigEndian(head[26..], Received.Count);
        for (int i = 0; i < Received.Count; i++)
            BinaryPrimitives.WriteUInt16BigEndian(head[(Fixed + (2 * i))..], Received[i]);
        output.Advance(Fixed + (2 * Received.Count));
        WriteNames(output, Topics);
        WriteNames(output, Brokers);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteNames(ArrayBufferWriter<byte> output, IReadOnlyCollection<string> names)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), names.Count);
        output.Advance(4);
        foreach (string name in names)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(name);
            output.Write([checked((byte)utf8.Length)]);
            output.Write(utf8);
        }
    }

    private static bool TryReadNames(ref ReadOnlySpan<byte> rest, List<string> names)
    {
        if (rest.Length < 4)
            return false;
        int count = BinaryPrimitives.ReadInt32BigEndian(rest);
        rest = rest[4..];
        for (int i = 0; i < count; i++)
        {
            if (rest.IsEmpty || rest.Length < 1 + rest[0])
                return false;
            names.Add(Encoding.UTF8.GetString(rest.Slice(1, rest[0])));
            rest = rest[(1 + rest[0])..];
        }

        return true;
    }
}
