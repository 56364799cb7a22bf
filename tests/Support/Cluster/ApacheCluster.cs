using System.Globalization;

namespace ProtoBridgeMQ.Tests.Support.Cluster;

/// <summary>
/// A cluster of Apache RocketMQ that somebody else started, for tests that run only where there is one. It outlives the tests, so every run
/// uses names of its own. It must create topics and groups by use, and filter by properties (<c>enablePropertyFilter</c>).
/// </summary>
public static class ApacheCluster
{
    /// <summary>The environment variable with its name servers, <c>host:port;host:port</c>.</summary>
    public const string Variable = "PROTOBRIDGE_APACHE_NAMESRV";

    private static readonly string Run = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    private static int _names;

    /// <summary>Why such tests cannot run, or null.</summary>
    public static string? Missing { get; } = string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))
        ? $"{Variable} does not say where an Apache RocketMQ cluster is"
        : null;

    /// <summary>Its name servers.</summary>
    public static string NameServers => Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException(Missing);

    /// <summary>A name that no other test and no other run uses.</summary>
    public static string Name(string name) => $"{name}-{Run}-{Interlocked.Increment(ref _names)}";
}
