namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>Where the built gateway is, and what it says when it is ready.</summary>
public static class GatewayProgram
{
    private const string FileName = "ProtoBridgeMQ.Gateway.dll";

    /// <summary>The built program of the same configuration as the tests.</summary>
    public static string Path { get; } = Find();

    /// <summary>The last line of the banner.</summary>
    public static bool SaysReady(string line) => line.StartsWith("ready ", StringComparison.Ordinal);

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("PROTOBRIDGE_GATEWAY_DLL") is { Length: > 0 } given)
        {
            return given;
        }

        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string path = System.IO.Path.Combine(FindRoot(), "src", "Gateway", "bin", configuration, "net10.0", FileName);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not built.");
    }

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("ProtoBridgeMQ.sln is in no folder above the tests.");
    }
}
