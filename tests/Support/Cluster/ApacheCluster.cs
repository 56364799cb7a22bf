using System.Globalization;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support.Processes;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support.Cluster;

/// <summary>
/// A cluster of Apache RocketMQ that somebody else started, for tests that run only where there is one. It outlives the tests, so every run
/// uses names of its own. It must create topics and groups by use, and filter by properties (<c>enablePropertyFilter</c>).
/// </summary>
public static class ApacheCluster
{
    /// <summary>The environment variable with its name servers, <c>host:port;host:port</c>.</summary>
    public const string Variable = "PROTOBRIDGE_APACHE_NAMESRV";

    /// <summary>
    /// The environment variable with a program that does to its processes what a test asks: <c>PROGRAM kill|start|pause|resume NAME</c>, where the name
    /// is a broker's, or <c>namesrv</c>. It kills with SIGKILL, pauses with SIGSTOP, and has started a process when that listens.
    /// </summary>
    public const string ControlVariable = "PROTOBRIDGE_APACHE_CONTROL";

    /// <summary>What the control program knows the name server by.</summary>
    public const string NameServer = "namesrv";

    private static readonly string Run = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    private static int _names;

    /// <summary>Why such tests cannot run, or null.</summary>
    public static string? Missing { get; } = string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))
        ? $"{Variable} does not say where an Apache RocketMQ cluster is"
        : null;

    /// <summary>Why its processes cannot be killed and started, or null.</summary>
    public static string? MissingControl { get; } = string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ControlVariable))
        ? $"{ControlVariable} names no program that kills and starts an Apache RocketMQ cluster"
        : null;

    /// <summary>Its name servers.</summary>
    public static string NameServers => Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException(Missing);

    /// <summary>A name that no other test and no other run uses.</summary>
    public static string Name(string name) => $"{name}-{Run}-{Interlocked.Increment(ref _names)}";

    /// <summary>Whether the brokers are of RocketMQ 4, by what the first one calls itself: <c>V4_9_8</c>.</summary>
    public static async Task<bool> IsFourAsync(AdminClient admin)
        => (await admin.GetBrokerVersionAsync((await admin.ListBrokersAsync())[0].Name)).StartsWith("V4_", StringComparison.Ordinal);

    /// <summary>Does something to a process of the cluster, and returns when it is done.</summary>
    /// <param name="verb">kill, start, pause or resume.</param>
    /// <param name="name">A broker's name, or <see cref="NameServer"/>.</param>
    public static async Task ControlAsync(string verb, string name)
    {
        string program = Environment.GetEnvironmentVariable(ControlVariable) ?? throw new InvalidOperationException(MissingControl);
        await using ChildProcess control = ChildProcess.Start(program, [verb, name]);
        if (await control.ExitAsync(TimeSpan.FromMinutes(2)) is not 0 and int code)
        {
            throw new XunitException($"{program} {verb} {name} ended with {code}\n{control.Output}");
        }
    }
}
