using System.Diagnostics;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>Which clients are there, and what exactly is missing where one is not.</summary>
internal static class Installed
{
    /// <summary>The version of the runtime that programs bring along: the one that tests run on.</summary>
    private static readonly string Framework = Environment.Version.ToString(3);

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
        [Needs.RuntimePack] = new(() => Package("microsoft.netcore.app.runtime.linux-x64", Framework) ?? Package("microsoft.aspnetcore.app.runtime.linux-x64", Framework)),
        [Needs.NativeAot] = new(() => Alone() ?? NativePackages()),
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
        => Environment.GetEnvironmentVariable("PROTOBRIDGE_ALONE") is null ? "PROTOBRIDGE_ALONE is not set: to compile ahead of time takes minutes" : null;

    /// <summary>The .NET 10 runtime ahead of time, or the compiler of .NET 9, which brings its own: eng/aot.sh takes what is there.</summary>
    private static string? NativePackages()
        => Package("microsoft.netcore.app.runtime.nativeaot.linux-x64", Framework) is { } missing && Package("runtime.linux-x64.microsoft.dotnet.ilcompiler", "9.") is not null
            ? missing
            : null;

    private static string? Package(string name, string version)
    {
        string folder = Path.Combine(
            Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
            name);
        return Directory.Exists(folder) && Directory.EnumerateDirectories(folder, $"{version}*").Any()
            ? null
            : $"package {name} {version} is not restored (eng/install-clients.sh tries it)";
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
