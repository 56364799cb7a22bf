using System.Diagnostics;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>Which clients are there, and what exactly is missing where one is not.</summary>
internal static class Installed
{
    private static readonly Dictionary<Needs, Lazy<string?>> Reasons = new()
    {
        [Needs.Mosquitto] = new(() => OnPath("mosquitto_pub") ?? OnPath("mosquitto_sub")),
        [Needs.Curl] = new(() => OnPath("curl")),
        [Needs.Prlimit] = new(() => OnPath("prlimit")),
        [Needs.Python] = new(() => AnyPython is null ? "no python3" : null),
        [Needs.Paho] = new(() => Python is null ? "no python3 with paho.mqtt (Debian: python3-paho-mqtt)" : null),
        [Needs.MqttJs] = new(() => NodeModule("mqtt")),
        [Needs.AliOns] = new(() => NodeModule("ali-ons")),
        [Needs.Chromium] = new(() => OnPath("chromium")),
        [Needs.Axe] = new(() => NodeModule("axe-core")),
        [Needs.PostgreSql] = new(() => PostgresServer.Missing),
        [Needs.RuntimePack] = new(() => Alone() ?? Package("microsoft.netcore.app.runtime.linux-x64")),
        [Needs.NativeAot] = new(() => Alone() ?? Package("runtime.linux-x64.microsoft.dotnet.ilcompiler") ?? Package("microsoft.netcore.app.runtime.nativeaot.linux-x64")),
        [Needs.SmallDisk] = new(() => Environment.UserName == "root" && OnPath("mount") is null && CanMount()
            ? null : "a tmpfs cannot be mounted (needs root)"),
        [Needs.Apache] = new(() => ApacheCluster.Missing),
        [Needs.ApacheControl] = new(() => ApacheCluster.Missing ?? ApacheCluster.MissingControl),
    };

    /// <summary>The folder of the npm clients and our scripts that drive them.</summary>
    public static string Folder { get; } = Path.Combine(GatewayProgram.Root, "tests", "Interop", "clients");

    /// <summary>A Python that has paho: Debian's own is asked too, because another may come first on the path.</summary>
    public static string? Python { get; } = Array.Find(["python3", "/usr/bin/python3"], HasPaho);

    /// <summary>A Python, with paho or without.</summary>
    public static string? AnyPython { get; } = Python ?? Array.Find(["python3", "/usr/bin/python3"], static python => Succeeds(python, "-c", ""));

    /// <summary>Why a client cannot be used, or null.</summary>
    public static string? Missing(Needs need) => Reasons[need].Value;

    private static string? NodeModule(string name)
        => OnPath("node")
            ?? (File.Exists(Path.Combine(Folder, "node_modules", name, "package.json"))
                ? null
                : $"npm package {name} is not installed in tests/Interop/clients (eng/install-clients.sh does it)");

    private static string? Alone()
        => Environment.GetEnvironmentVariable("PROTOBRIDGE_ALONE") is null ? "PROTOBRIDGE_ALONE is not set: programs published alone stop at a lock (docs/adr/0039)" : null;

    private static string? Package(string name)
    {
        string folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Directory.Exists(Path.Combine(folder, name)) ? null : $"package {name} is not restored (eng/install-clients.sh tries it)";
    }

    private static string? OnPath(string program)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? string.Empty;
        return path.Split(':').Append("/usr/sbin").Append("/sbin").Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)))
            ? null
            : $"{program} is not installed";
    }

    private static bool HasPaho(string python) => Succeeds(python, "-c", "import paho.mqtt.client");

    private static bool CanMount()
    {
        string probe = Directory.CreateTempSubdirectory("protobridge-mount-").FullName;
        try
        {
            return Succeeds("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe) && Succeeds("umount", probe);
        }
        finally
        {
            Directory.Delete(probe);
        }
    }

    private static bool Succeeds(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
            using var process = Process.Start(start);
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
