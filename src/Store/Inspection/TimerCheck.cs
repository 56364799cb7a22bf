using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Timers;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>
/// Looks at the timer's files: the wheel is made of slots of 32 bytes, the log of files of one size. Units have no
/// checksums: each must lead back to one before it and to a record of the size that it says, as far as the log has it.
/// </summary>
internal sealed class TimerCheck(StoreFiles store, FindingList findings, bool isPending)
{
    private const string Advice = "Remove the files of the timer: they are made again from the log.";

    /// <summary>Units of the timer log.</summary>
    public long Units { get; private set; }

    public void Run(long logEnd)
    {
        foreach (var file in store.Files.List(store.Directory))
        {
            if (!file.IsDirectory && file.Name == "timerwheel" && file.Length % TimerSlot.EncodedSize != 0)
                findings.Add(new Finding(FindingSeverity.Damage, "timer-wheel-size", file.Name, -1, $"It has {file.Length} bytes, which are no whole slots of {TimerSlot.EncodedSize}.", Advice));
        }

        var logs = store.Files.List(store.PathOf("timerlog")).Where(file => !file.IsDirectory && LogFileName.TryParse(file.Name, out _)).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        foreach (var file in logs)
        {
            var baseOffset = LogFileName.TryParse(file.Name, out var parsed) ? parsed : 0;
            if (file.Length != logs[0].Length || (file.Length > 0 && baseOffset % file.Length != 0))
                findings.Add(new Finding(FindingSeverity.Damage, "timer-log-size", Path.Combine("timerlog", file.Name), -1, $"It has {file.Length} bytes, the others {logs[0].Length}.", Advice));
            else
                CheckUnits(file.Name, baseOffset, file == logs[^1], logEnd);
        }
    }

    private void CheckUnits(string name, long baseOffset, bool isLast, long logEnd)
    {
        if (Open(name) is not { } file)
            return;
        using var window = new FileWindow(file);
        using var records = new RecordHeads(store);
        var at = 0L;
        for (; at <= window.Length - TimerUnit.EncodedSize; at += TimerUnit.EncodedSize)
        {
            if (!TimerUnit.TryRead(window.At(at, TimerUnit.EncodedSize), out var unit))
                break;
            Units++;
            if (unit.Previous >= baseOffset + at)
                Report(name, at, $"The unit says that the one before it is at {unit.Previous}, which is behind it.");
            else if (unit.PhysicalOffset >= store.LogStart && unit.PhysicalOffset < logEnd && records.SizeAt(unit.PhysicalOffset) != unit.RecordSize && unit.PhysicalOffset >= store.LogStart)
                Report(name, at, $"The unit says {unit.RecordSize} bytes at {unit.PhysicalOffset}, where the log has no record of that size.");
            else if (unit.PhysicalOffset >= logEnd && !isPending)
                Report(name, at, $"The unit points to {unit.PhysicalOffset}; the log ends at {logEnd}.");
        }

        if (TimerUnit.IsBlank(window.At(at, TimerUnit.BlankSize)))
            return;
        if (!isLast)
            Report(name, at, "There is neither a unit nor the filler that ends a file, and files follow.");
        else if (!isPending && window.At(at, TimerUnit.EncodedSize).ContainsAnyExcept((byte)0))
            Report(name, at, "The bytes behind the last unit are no unit.");
    }

    /// <summary>A file of the timer log; null when a running broker deleted it meanwhile.</summary>
    private IRandomFile? Open(string name)
    {
        try
        {
            return store.Files.OpenRead(store.PathOf(Path.Combine("timerlog", name)));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private void Report(string name, long at, string detail) =>
        findings.Add(new Finding(FindingSeverity.Damage, "timer-unit", Path.Combine("timerlog", name), at, detail, Advice));

    /// <summary>Sizes of records, read one by one; the last segment is kept open.</summary>
    private sealed class RecordHeads(StoreFiles store) : IDisposable
    {
        private LogFile? _segment;
        private IRandomFile? _file;

        public int SizeAt(long offset)
        {
            if (store.SegmentOf(offset) is not { } segment)
                return -1;
            if (segment != _segment)
            {
                _file?.Dispose();
                _segment = store.TryOpen(segment, out _file) ? segment : null;
                if (_file is null)
                    return -1;
            }

            Span<byte> size = stackalloc byte[sizeof(int)];
            return _file!.Read(size, offset - segment.BaseOffset) == size.Length ? System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(size) : -1;
        }

        public void Dispose() => _file?.Dispose();
    }
}
