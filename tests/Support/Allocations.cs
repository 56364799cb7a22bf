namespace ProtoBridgeMQ.Tests.Support;

/// <summary>Counts what a piece of code allocates on the thread that calls it.</summary>
public static class Allocations
{
    private const int Rounds = 5;

    /// <summary>
    /// The least of several rounds: the runtime may compile a method anew meanwhile and allocates for it, once; what the
    /// code itself allocates is in every round.
    /// </summary>
    public static long Least(Action code)
    {
        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            code();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
