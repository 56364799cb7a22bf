using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Tests.Store.Faults;

/// <summary>What is to go wrong of what a store asks of its disk. Under the lock of the disk.</summary>
internal sealed class FaultPlan
{
    private readonly List<Fault> _faults = [];
    private int? _callsLeft;

    /// <summary>Something fails, or will.</summary>
    public bool HasFailures => _callsLeft is not null || _faults.Any(fault => !fault.IsLack);

    /// <summary>Some calls find no room.</summary>
    public bool HasLacks => _faults.Any(fault => fault.IsLack);

    public bool IsStopped => _callsLeft == 0;

    public void Add(Fault fault) => _faults.Add(fault);

    public void EndLacks() => _faults.RemoveAll(fault => fault.IsLack);

    public void Clear() => _faults.Clear();

    public void StopAfter(int calls) => _callsLeft = calls;

    public void GoOn() => _callsLeft = null;

    /// <summary>Throws when a fault says so; else the effect that the caller has to bring about, if any.</summary>
    public FaultEffect? Strike(FileCall call, string path)
    {
        if (_callsLeft is { } left && call is not (FileCall.List or FileCall.Open or FileCall.Map or FileCall.Read))
        {
            if (left == 0)
                throw new IOException("The machine stands still.");
            _callsLeft = left - 1;
        }

        foreach (var fault in _faults)
        {
            if (!fault.Strikes(call, path))
                continue;
            return fault.Effect switch
            {
                FaultEffect.InputOutputError => throw new IOException($"Input/output error (injected: {call} of {path})."),
                FaultEffect.DiskFull => throw new DiskFullException(path),
                _ => fault.Effect,
            };
        }

        return null;
    }
}
