using System.Collections.Frozen;

namespace ProtoBridgeMQ.Gateway.Dashboard;

/// <summary>The files of the dashboard by their address below <c>/dashboard/</c>; each is read and compressed once, when it is first asked for.</summary>
internal sealed class DashboardFiles
{
    /// <summary>Before the name of every resource: see the project file.</summary>
    public const string Prefix = "dashboard/";

    /// <summary>The page itself.</summary>
    public const string Page = "index.html";

    private readonly FrozenDictionary<string, Lazy<DashboardFile>> _files = typeof(DashboardFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..].Replace('\\', '/'), name => new Lazy<DashboardFile>(() => DashboardFile.Load(name)), StringComparer.Ordinal);

    /// <summary>Every address.</summary>
    public IEnumerable<string> Names => _files.Keys;

    /// <summary>A file, or null.</summary>
    public DashboardFile? Find(string name) => _files.TryGetValue(name, out Lazy<DashboardFile>? file) ? file.Value : null;
}
