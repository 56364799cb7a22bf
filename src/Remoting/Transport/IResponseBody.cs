using System.Buffers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>A response body of known length, copied once: straight into the connection's output.</summary>
public interface IResponseBody
{
    /// <summary>How many bytes <see cref="WriteTo"/> writes, exactly.</summary>
    int Length { get; }

    /// <summary>Writes the body. Runs under the connection's write lock: must not block.</summary>
    void WriteTo(IBufferWriter<byte> output);
}
