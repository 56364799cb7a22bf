using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sys;

/// <summary>What came and went since the start, for <c>$SYS</c>: counters of a meter cannot be read.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class TrafficTotals
{
    private long _packetsIn;
    private long _packetsOut;
    private long _publishesIn;
    private long _publishesOut;
    private long _bytesIn;
    private long _bytesOut;
    private long _dropped;
    private long _connects;

    public long PacketsIn => Volatile.Read(ref _packetsIn);

    public long PacketsOut => Volatile.Read(ref _packetsOut);

    public long PublishesIn => Volatile.Read(ref _publishesIn);

    public long PublishesOut => Volatile.Read(ref _publishesOut);

    public long BytesIn => Volatile.Read(ref _bytesIn);

    public long BytesOut => Volatile.Read(ref _bytesOut);

    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>CONNECT packets.</summary>
    public long Connects => Volatile.Read(ref _connects);

    public void AddIn(PacketType type)
    {
        Interlocked.Increment(ref _packetsIn);
        if (type == PacketType.Publish)
            Interlocked.Increment(ref _publishesIn);
        else if (type == PacketType.Connect)
            Interlocked.Increment(ref _connects);
    }

    public void AddOut(PacketType type, int count)
    {
        Interlocked.Add(ref _packetsOut, count);
        if (type == PacketType.Publish)
            Interlocked.Add(ref _publishesOut, count);
    }

    public void AddBytesIn(long count) => Interlocked.Add(ref _bytesIn, count);

    public void AddBytesOut(long count) => Interlocked.Add(ref _bytesOut, count);

    public void AddDropped(int count) => Interlocked.Add(ref _dropped, count);
}
