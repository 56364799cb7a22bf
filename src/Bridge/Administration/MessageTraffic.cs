namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>Messages of one protocol since the start, and how long their publishes took. Counting allocates nothing.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class MessageTraffic
{
    private long _in;
    private long _out;

    /// <summary>Messages that were published and acknowledged.</summary>
    public long In => Volatile.Read(ref _in);

    /// <summary>Messages that were handed to clients.</summary>
    public long Out => Volatile.Read(ref _out);

    /// <summary>How long publishes took, from their arrival to their durable answer.</summary>
    public LatencyCounts Latency { get; } = new();

    /// <summary>Counts messages published.</summary>
    public void AddIn(int count = 1) => Interlocked.Add(ref _in, count);

    /// <summary>Counts messages handed out.</summary>
    public void AddOut(int count = 1) => Interlocked.Add(ref _out, count);
}
