using System.Buffers;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// Encoded packets that answer something (CONNACK, SUBACK, PINGRESP, DISCONNECT ...) and wait for the writer. Any
/// thread may add; the writer takes them all at once.
/// </summary>
public sealed class ControlOutput
{
    private readonly Lock _gate = new();
    private readonly AsyncSignal _drained = new();
    private ArrayBufferWriter<byte>? _bytes;
    private bool _closed;

    /// <summary>Above this the reader waits: a client that asks without reading answers gets no more memory.</summary>
    public static int HighWater => 64 << 10;

    /// <summary>Bytes that wait.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
                return _bytes?.WrittenCount ?? 0;
        }
    }

    /// <summary>Adds a packet; false when the connection is closing already.</summary>
    public bool TryAdd<T>(in T packet, ProtocolVersion version)
        where T : IPacket
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            PacketEncoder.Write(_bytes ??= new ArrayBufferWriter<byte>(64), packet, version);
            return true;
        }
    }

    /// <summary>Adds the last packet, if any; false when another was the last already.</summary>
    public bool TryClose<T>(T? last, ProtocolVersion version)
        where T : struct, IPacket
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            if (last is { } packet)
                PacketEncoder.Write(_bytes ??= new ArrayBufferWriter<byte>(64), packet, version);
            _closed = true;
        }

        _drained.Set();
        return true;
    }

    /// <summary>Moves everything that waits to the output; false when there was nothing.</summary>
    /// <param name="output">Where the packets go.</param>
    /// <param name="isClosed">Whether the connection is closing: nothing may follow what was moved, its last packet may be among it.</param>
    public bool MoveTo(IBufferWriter<byte> output, out bool isClosed)
    {
        lock (_gate)
        {
            isClosed = _closed;
            if (_bytes is null)
                return false;
            output.Write(_bytes.WrittenSpan);
            // An idle connection keeps no buffer.
            _bytes = null;
        }

        _drained.Set();
        return true;
    }

    /// <summary>Completes when the writer has taken the bytes, or the connection closes.</summary>
    public async ValueTask WaitBelowHighWaterAsync()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_closed || _bytes is null || _bytes.WrittenCount < HighWater)
                    return;
            }

            await _drained.WaitAsync().ConfigureAwait(false);
        }
    }
}
