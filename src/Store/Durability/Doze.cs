using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Store.Durability;

/// <summary>A sleep of less than a millisecond, which the runtime has not. Linux rounds it up to 0.1 ms or so.</summary>
internal static partial class Doze
{
    private const nint Nanoseconds = 50_000;

    public static bool IsPossible { get; } = OperatingSystem.IsLinux();

    public static unsafe void AMoment()
    {
        var wanted = stackalloc nint[] { 0, Nanoseconds };
        // A signal that cuts it short does no harm: the caller looks for work anyway.
        _ = Sleep(wanted, null);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static unsafe partial int Sleep(nint* wanted, nint* left);
}
