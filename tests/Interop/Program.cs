using System.Globalization;
using ProtoBridgeMQ.Tests.Interop.Crash;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Interop;

/// <summary>The tests as a program: <c>kill9 [rounds] [seed]</c>, for eng/kill9.sh. The test runner does not use it.</summary>
internal static class Program
{
    private const int DefaultRounds = 20;

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["kill9", ..])
        {
            await Console.Error.WriteLineAsync("usage: kill9 [rounds] [seed]");
            return 2;
        }

        int rounds = arguments.Length > 1 ? Number(arguments[1]) : DefaultRounds;
        int seed = arguments.Length > 2 ? Number(arguments[2]) : Seeded.NextSeed();
        IReadOnlyList<string> faults = await new KillNine(rounds, seed, Console.Out).RunAsync();
        return faults.Count == 0 ? 0 : 1;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
