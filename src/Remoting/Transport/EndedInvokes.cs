using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// Requests that have ended and whose callers are to be told, in the pool: one work item tells many, as a work item each
/// costs more than telling. What a caller goes on with may block, so before it is told, a second work item is asked for
/// those behind it: nobody waits for another's caller. Thread-safe.
/// </summary>
internal sealed class EndedInvokes : IThreadPoolWorkItem
{
    /// <summary>Told by one work item before it lets others of the pool have the thread.</summary>
    private const int MostAtOnce = 128;

    private readonly ConcurrentQueue<PendingInvoke> _ended = new();
    private int _scheduled;

    /// <summary>Enters one; its caller is told after the next <see cref="Tell"/>.</summary>
    public void Add(PendingInvoke pending) => _ended.Enqueue(pending);

    /// <summary>Has all that were entered told.</summary>
    public void Tell()
    {
        if (!_ended.IsEmpty && Interlocked.Exchange(ref _scheduled, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Before looking: who enters one after this look asks for a work item of its own.
        Interlocked.Exchange(ref _scheduled, 0);
        for (var told = 0; told < MostAtOnce && _ended.TryDequeue(out var pending); told++)
        {
            Tell();
            pending.Tell();
        }

        Tell();
    }
}
