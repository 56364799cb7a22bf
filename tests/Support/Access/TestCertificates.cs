using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ProtoBridgeMQ.Tests.Support.Access;

/// <summary>An authority, a server of this machine and a client, as PEM files that go away with the object.</summary>
public sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2044, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory _files = new("certificates");
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private byte _serial;

    public TestCertificates(string client = "device7")
    {
        var request = new CertificateRequest("CN=test authority", _authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        _authority = request.CreateSelfSigned(From, Until);
        File.WriteAllText(Authority, _authority.ExportCertificatePem());
        IssueServer();
        Issue($"CN={client}", isServer: false, ClientCertificate, ClientKey);
    }

    public string Authority => _files["ca.pem"];

    public string ServerCertificate => _files["server.pem"];

    public string ServerKey => _files["server.key"];

    public string ClientCertificate => _files["client.pem"];

    public string ClientKey => _files["client.key"];

    /// <summary>A PFX file of the server, with this password.</summary>
    public string ServerPfx(string password)
    {
        using X509Certificate2 server = X509Certificate2.CreateFromPemFile(ServerCertificate, ServerKey);
        File.WriteAllBytes(_files["server.pfx"], server.Export(X509ContentType.Pkcs12, password));
        return _files["server.pfx"];
    }

    /// <summary>Writes another certificate of the server; answers its serial number.</summary>
    public string IssueServer() => Issue("CN=localhost", isServer: true, ServerCertificate, ServerKey);

    /// <summary>The client's certificate, to connect with.</summary>
    public X509Certificate2 LoadClient()
    {
        using X509Certificate2 client = X509Certificate2.CreateFromPemFile(ClientCertificate, ClientKey);
        return X509CertificateLoader.LoadPkcs12(client.Export(X509ContentType.Pkcs12), null);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _authorityKey.Dispose();
        _files.Dispose();
    }

    private string Issue(string subject, bool isServer, string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], critical: false));
        if (isServer)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
        }

        using X509Certificate2 certificate = request.Create(_authority, From, Until, [++_serial]);
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        return certificate.SerialNumber;
    }
}
