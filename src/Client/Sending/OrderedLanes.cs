namespace ProtoBridgeMQ.Client.Sending;

/// <summary>
/// Sends of one ordering key leave one after the other: each waits for the receipt of the one before. Brokers handle
/// the requests of one connection on several threads, so nothing less keeps the order. Keys share lanes by their hash.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OrderedLanes : IDisposable
{
    private const int Count = 1024;

    private readonly SemaphoreSlim?[] _lanes = new SemaphoreSlim?[Count];

    /// <summary>The lane of a topic and ordering hash; its waiters go first come, first served.</summary>
    public SemaphoreSlim Of(string topic, int hash)
    {
        int index = (int)((uint)HashCode.Combine(topic, hash) % Count);
        if (Volatile.Read(ref _lanes[index]) is { } lane)
        {
            return lane;
        }

        var made = new SemaphoreSlim(1, 1);
        return Interlocked.CompareExchange(ref _lanes[index], made, null) ?? made;
    }

    public void Dispose()
    {
        foreach (SemaphoreSlim? lane in _lanes)
        {
            lane?.Dispose();
        }
    }
}
