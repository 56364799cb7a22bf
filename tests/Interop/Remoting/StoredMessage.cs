using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>A message record as a broker delivers it, read apart from the product's codec.</summary>
/// <remarks>
/// <code>
/// | size 4 | magic 4 | crc 4 | queue 4 | flag 4 | queue offset 8 | physical offset 8 | system flag 4 | born 8 |
/// | born host 8 or 20 | stored 8 | store host 8 or 20 | reconsumed 4 | prepared 8 | body length 4 | body |
/// | topic length 1 (2 with the second magic) | topic | properties length 2 | properties |
/// </code>
/// </remarks>
internal sealed record StoredMessage(string Topic, int Queue, long Offset, int Reconsumed, byte[] Body, IReadOnlyDictionary<string, string> Properties)
{
    private const int SecondMagic = -626843477;
    private const int BornHostIsV6 = 1 << 4;
    private const int StoreHostIsV6 = 1 << 5;

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>All records of an answer to a pull.</summary>
    public static IReadOnlyList<StoredMessage> ReadAll(ReadOnlySpan<byte> bytes)
    {
        List<StoredMessage> messages = [];
        while (!bytes.IsEmpty)
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(bytes);
            messages.Add(Read(bytes[..size]));
            bytes = bytes[size..];
        }

        return messages;
    }

    private static StoredMessage Read(ReadOnlySpan<byte> record)
    {
        int magic = BinaryPrimitives.ReadInt32BigEndian(record[4..]);
        int queue = BinaryPrimitives.ReadInt32BigEndian(record[12..]);
        long offset = BinaryPrimitives.ReadInt64BigEndian(record[20..]);
        int systemFlag = BinaryPrimitives.ReadInt32BigEndian(record[36..]);
        int at = 48 + ((systemFlag & BornHostIsV6) != 0 ? 20 : 8) + 8 + ((systemFlag & StoreHostIsV6) != 0 ? 20 : 8);
        int reconsumed = BinaryPrimitives.ReadInt32BigEndian(record[at..]);
        at += 12;
        int bodyLength = BinaryPrimitives.ReadInt32BigEndian(record[at..]);
        byte[] body = record.Slice(at + 4, bodyLength).ToArray();
        at += 4 + bodyLength;
        int topicLength = magic == SecondMagic ? BinaryPrimitives.ReadUInt16BigEndian(record[at..]) : record[at];
        at += magic == SecondMagic ? 2 : 1;
        string topic = Encoding.UTF8.GetString(record.Slice(at, topicLength));
        at += topicLength;
        int propertiesLength = BinaryPrimitives.ReadUInt16BigEndian(record[at..]);
        return new StoredMessage(topic, queue, offset, reconsumed, body, ReadProperties(record.Slice(at + 2, propertiesLength)));
    }

    private static Dictionary<string, string> ReadProperties(ReadOnlySpan<byte> text)
    {
        Dictionary<string, string> properties = [];
        foreach (string pair in Encoding.UTF8.GetString(text).Split('\u0002', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('\u0001', 2);
            properties[parts[0]] = parts[1];
        }

        return properties;
    }
}
