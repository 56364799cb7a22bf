using System.Globalization;
using System.Security.Cryptography;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support;

/// <summary>
/// Randomness that can be repeated: a failure says its seed, and the environment variable
/// <c>PROTOBRIDGE_SEED</c> runs it again.
/// </summary>
public static class Seeded
{
    /// <summary>The seed for this run.</summary>
    public static int NextSeed()
        => int.TryParse(Environment.GetEnvironmentVariable("PROTOBRIDGE_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int given)
            ? given
            : RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>Runs with a seeded source of randomness.</summary>
    public static void Run(Action<Random> test)
    {
        int seed = NextSeed();
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
    public static async Task RunAsync(Func<Random, Task> test)
    {
        int seed = NextSeed();
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
