using System.IO.Compression;

namespace ProtoBridgeMQ.Remoting.Compression;

/// <summary>Bodies as zlib streams: what all of RocketMQ's clients know.</summary>
internal static class Zlib
{
    private const int Piece = 16 << 10;

    /// <summary>Unpacks a stream.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Unpack(ReadOnlyMemory<byte> packed, int maxSize, out byte[] unpacked)
    {
        unpacked = [];
        // One byte over the limit, so that what is too large is told from what is just not.
        var output = new UnpackedBytes(maxSize == int.MaxValue ? maxSize : maxSize + 1);
        using var source = new MemoryStream(packed.ToArray(), writable: false);
        using var zlib = new ZLibStream(source, CompressionMode.Decompress);
        try
        {
            while (true)
            {
                var read = zlib.Read(output.Room((int)Math.Min(Piece, maxSize + 1L - output.Length)));
                if (read == 0)
                    break;
                output.Advance(read);
                if (output.Length > maxSize)
                    return Problems.TooLarge(maxSize);
            }
            unpacked = output.Written.ToArray();
            return null;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException)
        {
            // Some damage zlib has no name for: that comes as an IOException.
            return "it is no zlib stream, or cut short";
        }
        finally
        {
            output.Release();
        }
    }

    /// <summary>Packs a body the way Java producers do at their default level (5).</summary>
    public static byte[] Pack(ReadOnlySpan<byte> body)
    {
        using var result = new MemoryStream(body.Length / 2);
        using (var zlib = new ZLibStream(result, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(body);
        return result.ToArray();
    }
}
