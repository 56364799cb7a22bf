using System.Globalization;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>A PostgreSQL server of the test's own: a new cluster of databases in a temporary directory, on a free port of loopback.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql";
    private const string User = "sample";

    private readonly TempDirectory _directory;
    private readonly ChildProcess _server;
    private readonly int _port;

    private PostgresServer(TempDirectory directory, ChildProcess server, int port)
    {
        _directory = directory;
        _server = server;
        _port = port;
    }

    /// <summary>Why there can be none, or null.</summary>
    public static string? Missing => Folder is null
        ? $"no PostgreSQL server in {Programs} (Debian: postgresql; eng/install-clients.sh installs it)"
        : IsRoot && SwitchUser is null ? "PostgreSQL does not run as root, and setpriv is not installed" : null;

    /// <summary>As Npgsql wants it.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username={User};Database=postgres";

    private static string? Folder { get; } = !Directory.Exists(Programs)
        ? null
        : Directory.GetDirectories(Programs).Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault();

    private static bool IsRoot => Environment.UserName == "root";

    private static string? SwitchUser { get; } = Array.Find(["/usr/bin/setpriv", "/bin/setpriv"], File.Exists);

    /// <summary>Makes the databases and starts the server.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        var directory = new TempDirectory("postgres");
        string data = directory["data"];
        if (IsRoot)
        {
            await RunAsync("chown", ["nobody", directory.Path], "/");
        }

        await RunAsync(["initdb", "-D", data, "-U", User, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"], directory.Path);
        int port = FreePorts.Next();
        (string program, string[] arguments) = AsUser(
        [
            "postgres", "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-h", "127.0.0.1", "-k", directory.Path, "-c", "fsync=off",
        ]);
        ChildProcess server = ChildProcess.Start(program, arguments, directory: directory.Path);
        await server.LineAsync(line => line.Contains("database system is ready to accept connections", StringComparison.Ordinal), "that it is ready");
        return new PostgresServer(directory, server, port);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _server.Terminate();
        await _server.ExitAsync();
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private static Task RunAsync(string[] command, string directory)
    {
        (string program, string[] arguments) = AsUser(command);
        return RunAsync(program, arguments, directory);
    }

    private static async Task RunAsync(string program, string[] arguments, string directory)
    {
        await using ChildProcess process = ChildProcess.Start(program, arguments, directory: directory);
        int code = await process.ExitAsync(TimeSpan.FromSeconds(60));
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {process.Output}");
    }

    /// <summary>A program of PostgreSQL, which refuses to run as root.</summary>
    private static (string Program, string[] Arguments) AsUser(string[] command)
    {
        string program = Path.Combine(Folder!, command[0]);
        return IsRoot
            ? (SwitchUser!, ["--reuid=nobody", "--regid=nogroup", "--clear-groups", program, .. command[1..]])
            : (program, command[1..]);
    }
}
