using System.Buffers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>A body that lies in one piece of memory.</summary>
internal readonly struct MemoryBody(ReadOnlyMemory<byte> memory) : IResponseBody
{
    public int Length => memory.Length;

    public void WriteTo(IBufferWriter<byte> output) => output.Write(memory.Span);
}
