using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// Own requests that have ended and whose callers have not been told. They are told on threads of the pool, each thread telling many, one after
/// the other: a work item for each would cost more than all the rest of an answer.
/// </summary>
/// <remarks>
/// A caller may do in its continuation what it likes, also block until another one is told. So a thread that takes one and leaves others first
/// calls a further thread: whoever is left has somebody on the way.
/// </remarks>
internal sealed class EndedInvokes : IThreadPoolWorkItem
{
    /// <summary>After so many a thread lets other work of the pool have its turn.</summary>
    private const int MaxInTurn = 64;

    private readonly ConcurrentQueue<PendingInvoke> _ended = new();
    private int _called;

    /// <summary>Adds one, and calls a thread unless one is on its way.</summary>
    public void Add(PendingInvoke ended)
    {
        _ended.Enqueue(ended);
        Call();
    }

    /// <inheritdoc/>
    public void Execute()
    {
        // From here on who adds one calls another thread. The exchange is a fence: what was added before it is seen below.
        Interlocked.Exchange(ref _called, 0);
        for (var count = 0; count < MaxInTurn && _ended.TryDequeue(out var next); count++)
        {
            if (!_ended.IsEmpty)
                Call();
            next.Tell();
        }
        if (!_ended.IsEmpty)
            Call();
    }

    private void Call()
    {
        if (Interlocked.CompareExchange(ref _called, 1, 0) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
