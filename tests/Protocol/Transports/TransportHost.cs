using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Access;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Transports;

/// <summary>Both fronts on free ports of this machine over a bridge in memory.</summary>
internal sealed class TransportHost : IAsyncDisposable
{
    /// <summary>A CONNECT of MQTT 3.1.1 with a client identifier of one letter.</summary>
    public static readonly byte[] Connect = Convert.FromHexString("100D00044D5154540402003C000164");

    private readonly GatewayHost _host;
    private readonly FakeBridge _bridge;

    private TransportHost(GatewayHost host, FakeBridge bridge, ManualClock clock)
    {
        _host = host;
        _bridge = bridge;
        Clock = clock;
    }

    public ManualClock Clock { get; }

    public GatewayEndpoints Endpoints => _host.Endpoints;

    public static async Task<TransportHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var clock = new ManualClock();
        var bridge = new FakeBridge(clock);
        bool encrypted = settings.Any(setting => setting.Key == "tls:certificate");
        int? encryptedPort = encrypted ? GatewayOptions.Any : null;
        var options = new GatewayOptions
        {
            MqttPort = GatewayOptions.Any, HttpPort = GatewayOptions.Any, NamesrvPort = GatewayOptions.Off, BrokerPort = GatewayOptions.Off,
            MqttsPort = encryptedPort, HttpsPort = encryptedPort,
        };
        GatewayHost host = await GatewayHost.StartAsync(options, new GatewaySetup
        {
            Bridge = bridge,
            Clock = clock,
            Log = NullLoggerProvider.Instance,
            Configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build(),
        });
        return new TransportHost(host, bridge, clock);
    }

    /// <summary>A TCP connection.</summary>
    public static async Task<NetworkStream> OpenAsync(IPEndPoint? endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint!);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>A TLS connection that trusts the authority.</summary>
    public static async Task<SslStream> OpenTlsAsync(IPEndPoint? endpoint, TestCertificates certificates, bool withCertificate)
    {
        var tls = new SslStream(await OpenAsync(endpoint));
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(certificates.Authority);
        if (withCertificate)
            options.ClientCertificates = [certificates.LoadClient()];
        await tls.AuthenticateAsClientAsync(options).Within("the handshake");
        return tls;
    }

    /// <summary>Reads so many bytes as hex; fewer when the server closes.</summary>
    public static async Task<string> ReadAsync(Stream stream, int count)
    {
        byte[] bytes = new byte[count];
        try
        {
            int read = await stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false).Within("an answer, or the end");
            return Convert.ToHexString(bytes, 0, read);
        }
        catch (IOException)
        {
            return "broken";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _bridge.DisposeAsync();
    }
}
