using System.IO.Compression;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>Bodies that producers compressed, told by the system flag. Brokers keep them as they are; readers unpack.</summary>
public static class BodyCompression
{
    /// <summary>Whether the body is compressed.</summary>
    public static bool IsCompressed(int sysFlag) => (sysFlag & MessageSysFlag.Compressed) != 0;

    /// <summary>Whether this library can unpack it: zlib, or no type given (4.x producers, which only knew zlib).</summary>
    public static bool CanUnpack(int sysFlag) =>
        (sysFlag & MessageSysFlag.CompressionMask) is 0 or MessageSysFlag.CompressionZlib;

    /// <summary>
    /// Unpacks a zlib body of at most <paramref name="maxSize"/> bytes. False when it is not zlib, is cut short,
    /// or would be larger: a small message must not become any amount of memory.
    /// </summary>
    public static bool TryUnpack(ReadOnlyMemory<byte> body, int maxSize, out byte[] unpacked)
    {
        unpacked = [];
        using var source = new MemoryStream(body.ToArray(), writable: false);
        using var zlib = new ZLibStream(source, CompressionMode.Decompress);
        using var result = new MemoryStream();
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(16 << 10);
        try
        {
            int read;
            while ((read = zlib.Read(buffer)) > 0)
            {
                if (result.Length + read > maxSize)
                    return false;
                result.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }

        unpacked = result.ToArray();
        return true;
    }

    /// <summary>Packs a body with zlib, the way Java producers do at their default level (5).</summary>
    public static byte[] Pack(ReadOnlySpan<byte> body)
    {
        using var result = new MemoryStream(body.Length / 2);
        using (var zlib = new ZLibStream(result, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(body);
        return result.ToArray();
    }
}
