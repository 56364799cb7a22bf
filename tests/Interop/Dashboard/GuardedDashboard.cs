using System.Text.Json;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>A gateway with access control: ada may manage, eve may only use what is below her name.</summary>
public sealed class GuardedDashboard : IAsyncLifetime, IDisposable
{
    private const string Rules = """
        { "rules": [
          { "allow": ["publish", "subscribe", "manage"], "groups": ["ops"] },
          { "allow": ["publish", "subscribe"], "users": ["*"], "topics": ["%u/#"] } ] }
        """;

    private readonly TempDirectory _files = new("dashboard");
    private GatewayProcess? _process;

    /// <summary>The browser.</summary>
    public Browser Browser { get; } = new();

    /// <summary>The process.</summary>
    public GatewayProcess Process => _process ?? throw new InvalidOperationException("The gateway was not started.");

    /// <summary>An API key of ada's.</summary>
    public string ApiKey { get; private set; } = string.Empty;

    internal Task<Tab> OpenAsync() => Browser.OpenAsync(Process.Http);

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (FactWhenAttribute.Missing([Needs.Chromium]) is not null)
        {
            return;
        }

        await UserAsync("a good password", "add", "ada", "--groups", "ops");
        await UserAsync("another one", "add", "eve");
        string shown = await UserAsync(null, "key", "ada");
        ApiKey = shown.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Single(word => word.StartsWith("pbk_", StringComparison.Ordinal));
        await File.WriteAllTextAsync(_files["rules.json"], Rules);
        _process = await GatewayProcess.StartAsync(new GatewaySettings
        {
            Configuration = JsonSerializer.Serialize(new { access = new { usersFile = _files["users.json"], rulesFile = _files["rules.json"] } }),
        });
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private async Task<string> UserAsync(string? password, params string[] arguments)
    {
        await using ChildProcess command = ChildProcess.Start("dotnet", [GatewayProgram.Path, "user", .. arguments, "--file", _files["users.json"]]);
        if (password is not null)
        {
            await command.WriteLineAsync(password);
        }

        Assert.True(await command.ExitAsync() == 0, command.Output);
        return command.Output;
    }
}
