using System.Buffers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>Joins a packet that lies in several pieces of the read buffer. One packet at a time.</summary>
public sealed class FrameScratch : IDisposable
{
    private byte[] _bytes = [];

    /// <summary>The packet in one piece; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Join(in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
            return body.First;
        int length = (int)body.Length;
        if (_bytes.Length < length)
        {
            Dispose();
            _bytes = ArrayPool<byte>.Shared.Rent(length);
        }

        body.CopyTo(_bytes);
        return _bytes.AsMemory(0, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
