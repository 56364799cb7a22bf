namespace ProtoBridgeMQ.Client;

/// <summary>How a producer compresses large bodies. Consumers of this library read all of them.</summary>
public enum CompressionType
{
    /// <summary>zlib: RocketMQ's own, which clients of all versions read.</summary>
    Zlib,

    /// <summary>LZ4 frames: faster and larger. Apache's clients read them from 5.0 on.</summary>
    Lz4,
}
