namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>
/// Errors of write-back, as Linux tells of them: each handle hears once of those since it was opened, and a new one also of
/// those that nobody has heard of.
/// </summary>
internal sealed class ToldErrors
{
    private long _count;
    private bool _areTold = true;

    /// <summary>There are some that nobody has heard of.</summary>
    public bool AreUntold => !_areTold;

    public void Add()
    {
        _count++;
        _areTold = false;
    }

    /// <summary>The machine is another one.</summary>
    public void Forget()
    {
        _count = 0;
        _areTold = true;
    }

    /// <summary>What a handle that is opened now has heard of.</summary>
    public long Sample() => _areTold ? _count : -1;

    /// <summary>Whether there is something new for a handle, which has heard of it now.</summary>
    public bool Tell(ref long heard)
    {
        if (_count == 0 || heard == _count)
            return false;
        heard = _count;
        _areTold = true;
        return true;
    }
}
