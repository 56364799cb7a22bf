using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>Looks at the sizes of the timer's files: the wheel is made of slots of 32 bytes, the log of files of one size.</summary>
internal static class TimerCheck
{
    private const int SlotSize = 32;
    private const string Advice = "Remove the files of the timer: they are made again from the log.";

    public static void Run(StoreFiles store, FindingList findings)
    {
        foreach (var file in store.Files.List(store.Directory))
        {
            if (!file.IsDirectory && file.Name == "timerwheel" && file.Length % SlotSize != 0)
                findings.Add(new Finding(FindingSeverity.Damage, "timer-wheel-size", file.Name, -1, $"It has {file.Length} bytes, which are no whole slots of {SlotSize}.", Advice));
        }

        var logs = store.Files.List(store.PathOf("timerlog")).Where(file => !file.IsDirectory && LogFileName.TryParse(file.Name, out _)).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        foreach (var file in logs)
        {
            if (file.Length != logs[0].Length || (LogFileName.TryParse(file.Name, out var baseOffset) && file.Length > 0 && baseOffset % file.Length != 0))
                findings.Add(new Finding(FindingSeverity.Damage, "timer-log-size", Path.Combine("timerlog", file.Name), -1, $"It has {file.Length} bytes, the others {logs[0].Length}.", Advice));
        }
    }
}
