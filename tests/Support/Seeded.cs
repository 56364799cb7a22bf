using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support;

/// <summary>
/// Randomness that can be repeated: a failure says its seed, and the environment variable <c>PROTOBRIDGE_SEED</c> runs it
/// again. <c>PBMQ_TEST_SEEDS</c>, a text, gives each run of each test a seed of its own, the same ones each time.
/// </summary>
public static class Seeded
{
    private static readonly ConcurrentDictionary<string, int> Runs = new(StringComparer.Ordinal);

    /// <summary>The seed for this run.</summary>
    public static int NextSeed([CallerFilePath] string file = "", [CallerMemberName] string test = "")
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int given))
        {
            return given;
        }

        if (Environment.GetEnvironmentVariable("PBMQ_TEST_SEEDS") is not { Length: > 0 } seeds)
        {
            return RandomNumberGenerator.GetInt32(int.MaxValue);
        }

        string name = $"{Path.GetFileName(file)} {test}";
        int run = Runs.AddOrUpdate(name, 0, static (_, last) => last + 1);
        return BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seeds} {name} {run}"))) & int.MaxValue;
    }

    /// <summary>Runs with a seeded source of randomness.</summary>
    public static void Run(Action<Random> test, [CallerFilePath] string file = "", [CallerMemberName] string name = "")
    {
        int seed = NextSeed(file, name);
        try
        {
            test(new Random(seed));
        }
        catch (Exception failure)
        {
            throw Failed(seed, failure);
        }
    }

    /// <summary>Runs with a seeded source of randomness.</summary>
    public static async Task RunAsync(Func<Random, Task> test, [CallerFilePath] string file = "", [CallerMemberName] string name = "")
    {
        int seed = NextSeed(file, name);
        try
        {
            await test(new Random(seed)).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            throw Failed(seed, failure);
        }
    }

    private static XunitException Failed(int seed, Exception failure)
        => new($"Run again with PROTOBRIDGE_SEED={seed}: {failure.Message}", failure);
}
