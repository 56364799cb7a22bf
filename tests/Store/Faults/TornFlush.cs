using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// A flush during which the page that it writes changes: the device has the bytes before a position as they were, those
/// behind it as they became meanwhile. Nothing waits for a device that reads a page, but where it asks for stable pages.
/// </summary>
/// <param name="position">In the file.</param>
internal sealed class TornFlush(int position)
{
    private readonly Signal _stopped = new("a flush has written a page in part");
    private readonly object _waiting = new();
    private bool _goesOn;
    private int _uses;

    public int Position => position;

    /// <summary>A flush has written what is before the position.</summary>
    public Task Stopped => _stopped.WaitAsync();

    /// <summary>Lets the flush write the rest.</summary>
    public void Go()
    {
        lock (_waiting)
        {
            _goesOn = true;
            Monitor.PulseAll(_waiting);
        }
    }

    /// <summary>Whether it is this page, once.</summary>
    public bool StopsBetween(int from, int to) => position >= from && position < to && Interlocked.Increment(ref _uses) == 1;

    /// <summary>Waits until the page has changed.</summary>
    public void Stop()
    {
        _stopped.Set();
        lock (_waiting)
        {
            while (!_goesOn)
                Monitor.Wait(_waiting);
        }
    }
}
