using System.Buffers;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>A table in the form of its file, for answers.</summary>
internal static class TableText
{
    public static ReadOnlyMemory<byte> Of(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        write(buffer);
        return buffer.WrittenMemory;
    }
}
