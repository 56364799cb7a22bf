using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Sockets;

/// <summary>
/// One thread that waits until sockets can be read or written and does so, running what waits for their bytes in between.
/// What runs on it must not block; the remoting protocol takes what may to the thread pool.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    /// <summary>A read takes up to this much: one call for nearly every arrival.</summary>
    private const int ReceiveSize = 64 * 1024;

    private const int EventsAtOnce = 256;
    private const ulong WakeData = ulong.MaxValue;

    private readonly ConcurrentQueue<(IWatched Watched, LoopRequest Request)> _requests = new();
    private readonly Lock _slotLock = new();
    private readonly Stack<int> _free = new();
    private readonly List<int> _freed = [];
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly int _set = Epoll.Create();
    private int _wake = Epoll.CreateWake();
    private IWatched?[] _slots = new IWatched?[64];
    private int _taken;
    private int _woken;
    private volatile bool _stopping;

    public EventLoop(int number, ILogger logger)
    {
        _logger = logger;
        Epoll.Add(_set, _wake, WakeData);
        _thread = new Thread(Run) { IsBackground = true, Name = $"socket-loop-{number}" };
        _thread.Start();
    }

    /// <summary>Where a read puts its bytes; of the loop's thread.</summary>
    public byte[] Received { get; } = GC.AllocateUninitializedArray<byte>(ReceiveSize, pinned: true);

    /// <summary>Begins to watch a file. What it belongs to may be called from now on.</summary>
    /// <returns>The slot, for <see cref="Remove"/>.</returns>
    public int Add(IWatched watched, int file)
    {
        int slot;
        lock (_slotLock)
        {
            slot = _free.TryPop(out var free) ? free : _taken++;
            if (slot == _slots.Length)
            {
                var more = new IWatched?[_slots.Length * 2];
                _slots.CopyTo(more, 0);
                Volatile.Write(ref _slots, more);
            }

            Volatile.Write(ref _slots[slot], watched);
        }

        Epoll.Add(_set, file, (ulong)slot);
        return slot;
    }

    /// <summary>Has the loop's thread do something soon.</summary>
    public void Post(IWatched watched, LoopRequest request)
    {
        _requests.Enqueue((watched, request));
        if (Interlocked.Exchange(ref _woken, 1) != 0)
            return;
        lock (_slotLock)
        {
            if (_wake >= 0)
                Epoll.Signal(_wake);
        }
    }

    /// <summary>Forgets what is in a slot; of the loop's thread.</summary>
    public void Remove(int slot, int file)
    {
        Epoll.Remove(_set, file);
        Volatile.Write(ref _slots[slot], null);
        // Events of this wait may still name the slot: it serves again after them.
        _freed.Add(slot);
    }

    /// <summary>Aborts the connections that a listener has here.</summary>
    public void AbortAll(LoopListener listener)
    {
        foreach (var watched in Volatile.Read(ref _slots))
        {
            if (watched is LoopConnection connection && connection.Listener == listener)
                connection.Abort();
        }
    }

    /// <summary>Ends the thread. Its connections have ended before.</summary>
    public void Dispose()
    {
        _stopping = true;
        Epoll.Signal(_wake);
        _thread.Join();
        // Nobody may signal a number that a file gets next.
        lock (_slotLock)
        {
            Epoll.Close(_wake);
            _wake = -1;
        }

        Epoll.Close(_set);
    }

    private unsafe void Run()
    {
        var events = stackalloc byte[EventsAtOnce * Epoll.EventSize];
        while (!_stopping)
        {
            var count = Epoll.Wait(_set, events, EventsAtOnce, Timeout.Infinite);
            for (var i = 0; i < count; i++)
            {
                var (flags, data) = Epoll.Read(events, i);
                if (data == WakeData)
                    Epoll.Reset(_wake);
                else if (Volatile.Read(ref _slots)[(int)data] is { } watched)
                    Guarded(watched, flags, default);
            }

            RunRequests();
            Reuse();
        }

        foreach (var watched in _slots)
            watched?.Do(LoopRequest.Close);
    }

    private void RunRequests()
    {
        Volatile.Write(ref _woken, 0);
        Interlocked.MemoryBarrier();
        // What these ask for in turn waits for the next round, so that sockets get theirs.
        for (var left = _requests.Count; left > 0 && _requests.TryDequeue(out var next); left--)
        {
            if (next.Request == LoopRequest.Close)
                next.Watched.Do(next.Request);
            else
                Guarded(next.Watched, null, next.Request);
        }

        if (!_requests.IsEmpty && Interlocked.Exchange(ref _woken, 1) == 0)
            Epoll.Signal(_wake);
    }

    private void Guarded(IWatched watched, uint? flags, LoopRequest request)
    {
        try
        {
            if (flags is { } events)
                watched.OnReady(events);
            else
                watched.Do(request);
        }
        catch (Exception error)
        {
            // A defect of one connection's code ends that connection alone.
            LoopLog.ConnectionFailed(_logger, error);
            watched.Fail();
        }
    }

    private void Reuse()
    {
        if (_freed.Count == 0)
            return;
        lock (_slotLock)
        {
            foreach (var slot in _freed)
                _free.Push(slot);
        }

        _freed.Clear();
    }
}
