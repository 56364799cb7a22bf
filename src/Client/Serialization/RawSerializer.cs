using System.Buffers;

namespace ProtoBridgeMQ.Client.Serialization;

/// <summary>Bodies as they are.</summary>
internal sealed class RawSerializer : IMessageSerializer<ReadOnlyMemory<byte>>
{
    public string? ContentType => null;

    public void Write(ReadOnlyMemory<byte> value, IBufferWriter<byte> output) => output.Write(value.Span);

    public ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> body) => body;
}
