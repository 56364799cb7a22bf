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

    private readonly ConcurrentQueue<(LoopConnection Connection, LoopRequest Request)> _requests = new();
    private readonly Lock _slotLock = new();
    private readonly Stack<int> _free = new();
    private readonly List<int> _freed = [];
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly int _set = Epoll.Create();
    private int _wake = Epoll.CreateWake();
    private LoopConnection?[] _slots = new LoopConnection?[64];
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

    /// <summary>Begins to watch a socket. Its connection may be called from now on.</summary>
    public int Add(LoopConnection connection, int file)
    {
        int slot;
        lock (_slotLock)
        {
            slot = _free.TryPop(out var free) ? free : _taken++;
            if (slot == _slots.Length)
            {
                var more = new LoopConnection?[_slots.Length * 2];
                _slots.CopyTo(more, 0);
                Volatile.Write(ref _slots, more);
            }

            Volatile.Write(ref _slots[slot], connection);
        }

        Epoll.Add(_set, file, (ulong)slot);
        return slot;
    }

    /// <summary>Has the loop's thread do something for a connection soon.</summary>
    public void Post(LoopConnection connection, LoopRequest request)
    {
        _requests.Enqueue((connection, request));
        if (Interlocked.Exchange(ref _woken, 1) != 0)
            return;
        lock (_slotLock)
        {
            if (_wake >= 0)
                Epoll.Signal(_wake);
        }
    }

    /// <summary>Forgets a connection; of the loop's thread.</summary>
    public void Remove(int slot, int file)
    {
        Epoll.Remove(_set, file);
        Volatile.Write(ref _slots[slot], null);
        // Events of this wait may still name the slot: it serves again after them.
        _freed.Add(slot);
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
                else if (Volatile.Read(ref _slots)[(int)data] is { } connection)
                    Guarded(connection, flags);
            }

            RunRequests();
            Reuse();
        }

        foreach (var connection in _slots)
            connection?.Close();
    }

    private void RunRequests()
    {
        Volatile.Write(ref _woken, 0);
        Interlocked.MemoryBarrier();
        // What these ask for in turn waits for the next round, so that sockets get theirs.
        for (var left = _requests.Count; left > 0 && _requests.TryDequeue(out var next); left--)
        {
            if (next.Request == LoopRequest.Close)
                next.Connection.Close();
            else
                Guarded(next.Connection, null);
        }

        if (!_requests.IsEmpty && Interlocked.Exchange(ref _woken, 1) == 0)
            Epoll.Signal(_wake);
    }

    private void Guarded(LoopConnection connection, uint? flags)
    {
        try
        {
            if (flags is { } events)
                connection.OnReady(events);
            else
                connection.Resume();
        }
        catch (Exception error)
        {
            // A defect of one connection's code ends that connection alone.
            LoopLog.ConnectionFailed(_logger, error);
            connection.Abort();
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

/// <summary>What a loop can be asked for.</summary>
internal enum LoopRequest
{
    /// <summary>There is room again: read on.</summary>
    Receive,

    /// <summary>Stop watching, close the socket.</summary>
    Close,
}
