using ProtoBridgeMQ.Remoting.Compression;
using ProtoBridgeMQ.Remoting.Compression.Zstandard;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>Bodies that producers compressed, told by the system flag. Brokers keep them as they are; readers unpack.</summary>
public static class BodyCompression
{
    /// <summary>Whether the body is compressed.</summary>
    public static bool IsCompressed(int sysFlag) => (sysFlag & MessageSysFlag.Compressed) != 0;

    /// <summary>
    /// Unpacks a body of at most <paramref name="maxSize"/> bytes: zlib (also where no type is said, as producers of 4.x, which only knew it, do),
    /// LZ4 or Zstandard. False when it is something else, is damaged or cut short, or would be larger: a small message must not become any amount of memory.
    /// </summary>
    /// <param name="sysFlag">Says how it is compressed.</param>
    /// <param name="body">The body as it is stored.</param>
    /// <param name="maxSize">The most bytes it may have, unpacked.</param>
    /// <param name="unpacked">The body.</param>
    /// <param name="problem">What is wrong, as the rest of a sentence about the body; null when nothing is.</param>
    public static bool TryUnpack(int sysFlag, ReadOnlyMemory<byte> body, int maxSize, out byte[] unpacked, out string? problem)
    {
        unpacked = [];
        problem = (sysFlag & MessageSysFlag.CompressionMask) switch
        {
            0 or MessageSysFlag.CompressionZlib => Zlib.Unpack(body, maxSize, out unpacked),
            MessageSysFlag.CompressionLz4 => Lz4Frame.Unpack(body.Span, maxSize, out unpacked),
            MessageSysFlag.CompressionZstd => ZstandardFrame.Unpack(body.Span, maxSize, out unpacked),
            var other => $"it is compressed in a way that is not known (type {other >> 8})",
        };
        return problem is null;
    }

    /// <summary>Packs a body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="compression"><see cref="MessageSysFlag.CompressionZlib"/> or <see cref="MessageSysFlag.CompressionLz4"/>.</param>
    public static byte[] Pack(ReadOnlySpan<byte> body, int compression = MessageSysFlag.CompressionZlib) => compression switch
    {
        MessageSysFlag.CompressionZlib => Zlib.Pack(body),
        MessageSysFlag.CompressionLz4 => Lz4Frame.Pack(body),
        _ => throw new ArgumentOutOfRangeException(nameof(compression), compression, "only zlib and LZ4 are written: Zstandard is only read"),
    };
}
