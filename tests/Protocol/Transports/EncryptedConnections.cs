using System.Net.Security;
using System.Net.Sockets;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Protocol.Transports;

/// <summary>TLS of the MQTT front.</summary>
public sealed class EncryptedConnections
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MQTT_is_spoken_over_TLS_with_a_certificate_of_either_form(bool isPfx)
    {
        using var certificates = new TestCertificates();
        await using TransportHost host = await TransportHost.StartAsync(isPfx
            ? [("tls:certificate", certificates.ServerPfx("word")), ("tls:password", "word")]
            : [("tls:certificate", certificates.ServerCertificate), ("tls:key", certificates.ServerKey)]);

        await using SslStream tls = await TransportHost.OpenTlsAsync(host.Endpoints.Mqtts, certificates, withCertificate: false);
        await tls.WriteAsync(TransportHost.Connect);

        Assert.Equal("20020000", await TransportHost.ReadAsync(tls, 4));
    }

    [Fact]
    public async Task A_changed_certificate_is_shown_to_new_connections()
    {
        using var certificates = new TestCertificates();
        await using TransportHost host = await TransportHost.StartAsync(("tls:certificate", certificates.ServerCertificate), ("tls:key", certificates.ServerKey));
        await using SslStream before = await TransportHost.OpenTlsAsync(host.Endpoints.Mqtts, certificates, withCertificate: false);

        string serial = certificates.IssueServer();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await using SslStream after = await TransportHost.OpenTlsAsync(host.Endpoints.Mqtts, certificates, withCertificate: false);
        await File.WriteAllTextAsync(certificates.ServerCertificate, "no certificate");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await using SslStream still = await TransportHost.OpenTlsAsync(host.Endpoints.Mqtts, certificates, withCertificate: false);

        Assert.NotEqual(serial, before.RemoteCertificate!.GetSerialNumberString());
        Assert.Equal(serial, after.RemoteCertificate!.GetSerialNumberString());
        Assert.Equal(serial, still.RemoteCertificate!.GetSerialNumberString());
    }

    [Theory]
    [InlineData("Require", true, "20020000")]
    [InlineData("Require", false, "")]
    [InlineData("Allow", true, "20020000")]
    [InlineData("Allow", false, "20020005")]
    public async Task A_clients_certificate_says_who_it_is(string asked, bool has, string answer)
    {
        using var certificates = new TestCertificates();
        await using TransportHost host = await TransportHost.StartAsync(
            ("tls:certificate", certificates.ServerCertificate), ("tls:key", certificates.ServerKey),
            ("tls:clientCertificates", asked), ("tls:clientCa", certificates.Authority), ("access:certificateName", "CommonName"));

        Assert.Equal(answer, await ConnectAsync(host, certificates, certificates, has));
    }

    [Fact]
    public async Task A_certificate_of_another_authority_does_not_get_through_the_handshake()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates("root");
        await using TransportHost host = await TransportHost.StartAsync(
            ("tls:certificate", certificates.ServerCertificate), ("tls:key", certificates.ServerKey),
            ("tls:clientCertificates", "Allow"), ("tls:clientCa", certificates.Authority), ("access:certificateName", "CommonName"));

        Assert.Equal(string.Empty, await ConnectAsync(host, certificates, others, has: true));
    }

    [Fact]
    public async Task A_handshake_that_is_never_finished_ends_and_others_are_served()
    {
        using var certificates = new TestCertificates();
        await using TransportHost host = await TransportHost.StartAsync(
            ("tls:certificate", certificates.ServerCertificate), ("tls:key", certificates.ServerKey), ("tls:handshakeTimeout", "00:00:00.5"));
        await using NetworkStream silent = await TransportHost.OpenAsync(host.Endpoints.Mqtts);
        await using NetworkStream plain = await TransportHost.OpenAsync(host.Endpoints.Mqtts);
        await plain.WriteAsync(TransportHost.Connect);
        await using SslStream good = await TransportHost.OpenTlsAsync(host.Endpoints.Mqtts, certificates, withCertificate: false);
        await good.WriteAsync(TransportHost.Connect);

        Assert.Equal("20020000", await TransportHost.ReadAsync(good, 4));
        Assert.Contains(await TransportHost.ReadAsync(silent, 1), new[] { string.Empty, "broken" });
        // An alert may come first.
        string refused = await TransportHost.ReadAsync(plain, 64);
        Assert.DoesNotContain("2002", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls:certificate", "/not/there.pem", "/not/there.pem")]
    [InlineData("tls:clientCertificates", "Require", "clientCa")]
    [InlineData("proxyProtocol:mqtt", "true", "trusted is empty")]
    [InlineData("access:usersFile", "/not/there.json", "/not/there.json")]
    public async Task What_cannot_work_ends_the_start_with_one_line(string key, string value, string message)
    {
        var refusal = await Assert.ThrowsAsync<GatewayStartException>(() => TransportHost.StartAsync((key, value)));

        Assert.Equal(GatewayStartException.WrongUsage, refusal.ExitCode);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ConnectAsync(TransportHost host, TestCertificates server, TestCertificates client, bool has)
    {
        try
        {
            var tls = new SslStream(await TransportHost.OpenAsync(host.Endpoints.Mqtts));
            await using (tls)
            {
                var options = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Issuer == "CN=test authority" };
                if (has)
                    options.ClientCertificates = [client.LoadClient()];
                Assert.NotNull(server.Authority);
                await tls.AuthenticateAsClientAsync(options);
                await tls.WriteAsync(TransportHost.Connect);
                string answer = await TransportHost.ReadAsync(tls, 4);
                return answer == "broken" ? string.Empty : answer;
            }
        }
        catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
        {
            return string.Empty;
        }
    }
}
