using System.Text.Json;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Access;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>
/// A gateway with users, rules and TLS, set up as the documents say, with the command of the program; and another one
/// that stands behind a proxy.
/// </summary>
public sealed class GuardedGateway : IAsyncLifetime, IDisposable
{
    private const string Rules = """{ "rules": [ { "allow": ["publish", "subscribe"], "users": ["*"], "topics": ["users/%u/#"] } ] }""";

    private readonly TempDirectory _files = new("guarded");
    private GatewayProcess? _process;
    private GatewayProcess? _proxied;

    public TestCertificates Certificates { get; } = new();

    public int MqttsPort { get; } = FreePorts.Next();

    public int HttpsPort { get; } = FreePorts.Next();

    public GatewayProcess Process => _process ?? throw new InvalidOperationException("The gateway was not started.");

    public GatewayProcess Proxied => _proxied ?? throw new InvalidOperationException("The gateway was not started.");

    public int ProxiedPort => Proxied.Ports.Mqtt;

    public async Task InitializeAsync()
    {
        string users = _files["users.json"];
        ChildProcess command = ChildProcess.Start("dotnet", [GatewayProgram.Path, "user", "add", "ada", "--file", users]);
        await using (command)
        {
            await command.WriteLineAsync("one");
            Assert.True(await command.ExitAsync() == 0, command.Output);
        }

        await File.WriteAllTextAsync(_files["rules.json"], Rules);
        object access = new { usersFile = users, rulesFile = _files["rules.json"], certificateName = "commonName" };
        object tls = new { certificate = Certificates.ServerCertificate, key = Certificates.ServerKey, clientCertificates = "allow", clientCa = Certificates.Authority };
        _process = await GatewayProcess.StartAsync(new GatewaySettings
        {
            Configuration = JsonSerializer.Serialize(new { mqttsPort = MqttsPort, httpsPort = HttpsPort, access, tls }),
        });
        _proxied = await GatewayProcess.StartAsync(new GatewaySettings
        {
            Configuration = JsonSerializer.Serialize(new { access, proxyProtocol = new { mqtt = true, trusted = "127.0.0.1" } }),
        });
    }

    public async Task DisposeAsync()
    {
        foreach (GatewayProcess? process in new[] { _process, _proxied })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }
    }

    public void Dispose()
    {
        Certificates.Dispose();
        _files.Dispose();
    }
}
