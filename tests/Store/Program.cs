using ProtoBridgeMQ.Tests.Store.Faults.Kill;

namespace ProtoBridgeMQ.Tests.Store;

/// <summary>The tests as a program: <c>crash-child ...</c>, which <see cref="KillTests"/> starts and kills, and <c>hold-lock FILE</c>. The test runner does not use it.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["hold-lock", var file])
            return await LockHolder.RunAsync(file);
        if (arguments is not ["crash-child", .. var given] || CrashSettings.Parse(given) is not { } settings)
        {
            await Console.Error.WriteLineAsync("usage: crash-child DIRECTORY RUN SEED SEGMENT-SIZE CHECKPOINT-MILLISECONDS THREADS");
            return 2;
        }

        await using var child = new CrashChild(settings, Console.OpenStandardOutput());
        await child.RunAsync();
        return 0;
    }
}
