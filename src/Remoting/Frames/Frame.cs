using System.Buffers;

namespace ProtoBridgeMQ.Remoting.Frames;

/// <summary>One whole frame, still lying in the buffer it was cut from.</summary>
public readonly struct Frame(SerializeType serialization, ReadOnlySequence<byte> header, ReadOnlySequence<byte> body)
{
    /// <summary>How <see cref="Header"/> is written.</summary>
    public SerializeType Serialization { get; } = serialization;

    /// <summary>The header's bytes, borrowed.</summary>
    public ReadOnlySequence<byte> Header { get; } = header;

    /// <summary>The body's bytes, borrowed; may be empty.</summary>
    public ReadOnlySequence<byte> Body { get; } = body;
}
