using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>The compressed form of <see cref="RegisterBrokerBody"/>.</summary>
/// <remarks>
/// <code>
/// zlib( | int32 length | data version as JSON |
///       | int32 number of topics | each: int32 length, one line (TopicConfigText) |
///       | int32 length | filter servers as a JSON array |
///       | int32 number of static topic mappings | each: int32 length, JSON |     (5.x only)
///     )
/// </code>
/// </remarks>
public static class CompressedRegistration
{
    /// <summary>Reads a registration in the form its header names.</summary>
    /// <param name="body">The received body.</param>
    /// <param name="compressed">What the header says of it.</param>
    /// <param name="maxInflatedBytes">Beyond it a compressed body is refused: a small one must not unfold without end.</param>
    /// <exception cref="RemotingException">It is malformed or too large.</exception>
    public static RegisterBrokerBody Read(in ReadOnlySequence<byte> body, bool compressed, int maxInflatedBytes)
    {
        if (!compressed)
            return LenientJson.Read(body, RemotingJson.Bodies.RegisterBrokerBody);
        try
        {
            return ReadParts(Inflate(body, maxInflatedBytes));
        }
        catch (InvalidDataException error)
        {
            throw new RemotingException($"the compressed registration is malformed: {error.Message}");
        }
    }

    /// <summary>Writes the compressed form.</summary>
    public static byte[] Write(RegisterBrokerBody registration)
    {
        var table = registration.TopicConfig;
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            WritePart(zlib, LenientJson.Write(table.Version, RemotingJson.Bodies.DataVersion));
            WriteNumber(zlib, table.Topics.Count);
            foreach (var topic in table.Topics.Values)
                WritePart(zlib, TopicConfigText.Write(topic));
            WritePart(zlib, LenientJson.Write(registration.FilterServers, RemotingJson.Bodies.ListString));
            WriteNumber(zlib, 0);
        }
        return output.ToArray();
    }

    private static byte[] Inflate(in ReadOnlySequence<byte> body, int maxBytes)
    {
        using var input = new MemoryStream(body.ToArray());
        using var zlib = new ZLibStream(input, CompressionMode.Decompress);
        using var output = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = zlib.Read(buffer)) > 0)
        {
            if (output.Length + read > maxBytes)
                throw new InvalidDataException($"it unfolds to more than {maxBytes} bytes");
            output.Write(buffer, 0, read);
        }
        return output.ToArray();
    }

    private static RegisterBrokerBody ReadParts(ReadOnlySpan<byte> bytes)
    {
        var result = new RegisterBrokerBody();
        result.TopicConfig.Version = LenientJson.Read(NextPart(ref bytes), RemotingJson.Bodies.DataVersion);
        for (var left = NextNumber(ref bytes); left > 0; left--)
        {
            var topic = TopicConfigText.Read(NextPart(ref bytes));
            result.TopicConfig.Topics[topic.TopicName] = topic;
        }
        result.FilterServers = LenientJson.Read(NextPart(ref bytes), RemotingJson.Bodies.ListString);
        // Static topic mappings follow from 5.x brokers. They are not supported and carry nothing a route needs.
        return result;
    }

    private static int NextNumber(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
            throw new InvalidDataException("it ends early");
        var number = BinaryPrimitives.ReadInt32BigEndian(bytes);
        bytes = bytes[4..];
        return number;
    }

    private static ReadOnlySpan<byte> NextPart(ref ReadOnlySpan<byte> bytes)
    {
        var length = NextNumber(ref bytes);
        if (length < 0 || length > bytes.Length)
            throw new InvalidDataException($"a part of {length} bytes goes beyond its end");
        var part = bytes[..length];
        bytes = bytes[length..];
        return part;
    }

    private static void WritePart(ZLibStream stream, byte[] part)
    {
        WriteNumber(stream, part.Length);
        stream.Write(part);
    }

    private static void WriteNumber(ZLibStream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        stream.Write(bytes);
    }
}
