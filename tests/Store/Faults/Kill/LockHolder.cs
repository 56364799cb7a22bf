namespace ProtoBridgeMQ.Tests.Store.Faults.Kill;

/// <summary>Holds the lock file of a store as Apache RocketMQ does, by a lock of its first byte, until its input ends.</summary>
internal static class LockHolder
{
    public const string Held = "held";

    public static async Task<int> RunAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (OperatingSystem.IsLinux())
            file.Lock(0, 1);
        await Console.Out.WriteLineAsync(Held);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
