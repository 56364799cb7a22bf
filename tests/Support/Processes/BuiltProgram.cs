namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>Where the built programs of the solution are.</summary>
public static class BuiltProgram
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The configuration that the tests were built in.</summary>
    public static string Configuration { get; } = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    /// <summary>The program of a project, of the same configuration as the tests.</summary>
    /// <param name="project">Its folder from the root, such as <c>src/Broker</c>.</param>
    public static string Find(string project)
    {
        string path = Path.Combine(Root, project, "bin", Configuration, "net10.0", $"ProtoBridgeMQ.{Path.GetFileName(project)}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not built.");
    }

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("ProtoBridgeMQ.sln is in no folder above the tests.");
    }
}
