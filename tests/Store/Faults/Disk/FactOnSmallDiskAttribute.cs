using System.Diagnostics;

namespace ProtoBridgeMQ.Tests.Store.Faults.Disk;

/// <summary>A test on a small disk of its own (a tmpfs); skipped, with the reason, where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactOnSmallDiskAttribute : FactAttribute
{
    private static readonly Lazy<string?> Reason = new(Missing);

    public FactOnSmallDiskAttribute() => Skip = Reason.Value;

    private static string? Missing()
    {
        try
        {
            using var disk = new SmallDisk(1);
            return null;
        }
        catch (InvalidOperationException refusal)
        {
            return refusal.Message;
        }
    }
}

/// <summary>A mounted tmpfs.</summary>
internal sealed class SmallDisk : IDisposable
{
    /// <param name="megabytes">Room for the content of files.</param>
    /// <param name="files">How many files and directories there may be.</param>
    public SmallDisk(int megabytes, int files = 10_000)
    {
        Path = Directory.CreateTempSubdirectory("protobridge-disk-").FullName;
        try
        {
            Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,nr_inodes={files}", "tmpfs", Path);
        }
        catch (InvalidOperationException)
        {
            Directory.Delete(Path);
            throw;
        }
    }

    public string Path { get; }

    public void Grow(int megabytes) => Run("mount", "-o", $"remount,size={megabytes}m", Path);

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static void Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"a tmpfs cannot be mounted: {said.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException($"{program} is not installed");
        }
    }
}
