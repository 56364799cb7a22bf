using System.Buffers;

namespace ProtoBridgeMQ.Client.Serialization;

/// <summary>A form that two functions know.</summary>
internal sealed class DelegateSerializer<T>(string contentType, Action<T, IBufferWriter<byte>> write, Func<ReadOnlyMemory<byte>, T> read) : IMessageSerializer<T>
{
    public string ContentType => contentType;

    public void Write(T value, IBufferWriter<byte> output) => write(value, output);

    public T Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return read(body);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Each library of a format has exceptions of its own for bytes that are none of it.
            throw new FormatException($"The body is no {typeof(T).Name}: {error.Message}", error);
        }
    }
}
