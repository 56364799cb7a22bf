namespace ProtoBridgeMQ.Tests.Support;

/// <summary>A new directory that goes away with the test.</summary>
public sealed class TempDirectory : IDisposable
{
    /// <summary>Makes the directory; the name helps to recognise what was left behind.</summary>
    public TempDirectory(string name = "test")
        => Path = Directory.CreateTempSubdirectory($"protobridge-{name}-").FullName;

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>A path below it.</summary>
    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The test removed it: that is what was wanted.
        }
    }
}
