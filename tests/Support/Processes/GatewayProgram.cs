namespace ProtoBridgeMQ.Tests.Support.Processes;

/// <summary>Where the built gateway is, and what it says when it is ready.</summary>
public static class GatewayProgram
{
    /// <summary>The built program of the same configuration as the tests.</summary>
    public static string Path { get; } =
        Environment.GetEnvironmentVariable("PROTOBRIDGE_GATEWAY_DLL") is { Length: > 0 } given ? given : BuiltProgram.Find("src/Gateway");

    /// <summary>The folder of the solution.</summary>
    public static string Root => BuiltProgram.Root;

    /// <summary>The last line of the banner.</summary>
    public static bool SaysReady(string line) => line.StartsWith("ready ", StringComparison.Ordinal);
}
