using System.Buffers;

namespace ProtoBridgeMQ.Client;

/// <summary>Turns values into bodies of messages and back.</summary>
/// <typeparam name="T">The values.</typeparam>
/// <remarks>Must be thread safe.</remarks>
public interface IMessageSerializer<T>
{
    /// <summary>What the bytes are, as a media type; null when there is none. Messages carry it in the property <c>contentType</c>.</summary>
    string? ContentType { get; }

    /// <summary>Writes a value.</summary>
    void Write(T value, IBufferWriter<byte> output);

    /// <summary>Reads a value.</summary>
    /// <exception cref="FormatException">The body is no such value.</exception>
    T Read(ReadOnlyMemory<byte> body);
}
