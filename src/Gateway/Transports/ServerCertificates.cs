using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>
/// The server's certificate and the authorities of clients, read from files that are looked at for changes. New
/// handshakes take what is new; a changed file that cannot be used leaves what was.
/// </summary>
internal sealed class ServerCertificates : IDisposable
{
    private readonly TlsOptions _options;
    private readonly TransportMetrics _metrics;
    private readonly ILogger<ServerCertificates> _log;
    private readonly ITimer? _timer;
    private readonly Lock _gate = new();
    private string _seen;
    private volatile SslServerAuthenticationOptions? _current;

    public ServerCertificates(IOptions<TlsOptions> options, TransportMetrics metrics, TimeProvider clock, ILogger<ServerCertificates> log)
    {
        _options = options.Value;
        _metrics = metrics;
        _log = log;
        _seen = Stamp();
        if (!_options.IsConfigured())
            return;

        _current = Read(out _);
        _timer = clock.CreateTimer(_ => LookAtFiles(), null, _options.ReloadInterval, _options.ReloadInterval);
    }

    /// <summary>What a handshake goes by: an object of its own, because the server changes the protocols of one that has none.</summary>
    /// <param name="protocols">What the endpoint speaks (ALPN); none: clients may offer what they like.</param>
    public SslServerAuthenticationOptions For(IEnumerable<SslApplicationProtocol> protocols)
    {
        SslServerAuthenticationOptions current = _current ?? throw new InvalidOperationException("There is no certificate.");
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = current.ServerCertificateContext,
            EnabledSslProtocols = current.EnabledSslProtocols,
            ClientCertificateRequired = current.ClientCertificateRequired,
            CertificateChainPolicy = current.CertificateChainPolicy,
            RemoteCertificateValidationCallback = current.RemoteCertificateValidationCallback,
            ApplicationProtocols = [.. protocols],
        };
    }

    /// <summary>Looks at the files now; new handshakes take what has changed when this returns.</summary>
    public void LookAtFiles()
    {
        lock (_gate)
        {
            string now = Stamp();
            if (now == _seen)
                return;

            _seen = now;
            try
            {
                _current = Read(out DateTime until);
                _metrics.Reloaded(good: true);
                TransportLog.CertificateRead(_log, _options.Certificate, until);
            }
            catch (TransportFileException wrong)
            {
                _metrics.Reloaded(good: false);
                TransportLog.CertificateKept(_log, wrong.Message);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private string Stamp()
        => string.Join('|', new[] { _options.Certificate, _options.Key, _options.ClientCa }.Where(path => path.Length > 0).Select(path => new FileInfo(path)).Select(file => $"{file.Exists}:{(file.Exists ? file.LastWriteTimeUtc.Ticks : 0)}:{(file.Exists ? file.Length : 0)}"));

    private SslServerAuthenticationOptions Read(out DateTime until)
    {
        string at = _options.Certificate;
        try
        {
            (X509Certificate2 certificate, X509Certificate2Collection chain) = ReadCertificate();
            if (!certificate.HasPrivateKey)
                throw new TransportFileException(at, "it has no private key (tls.key names its file)");

            until = certificate.NotAfter.ToUniversalTime();
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ClientCertificateRequired = _options.ClientCertificates != ClientCertificates.None,
            };
            if (options.ClientCertificateRequired)
            {
                at = _options.ClientCa;
                Trust(options);
            }

            return options;
        }
        catch (Exception wrong) when (wrong is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TransportFileException(at, wrong.Message, wrong);
        }
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Chain) ReadCertificate()
    {
        byte[] bytes = File.ReadAllBytes(_options.Certificate);
        string? password = _options.Password.Length > 0 ? _options.Password : null;
        if (bytes.AsSpan().IndexOf("-----BEGIN"u8) < 0)
        {
            X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12Collection(bytes, password);
            X509Certificate2 own = all.FirstOrDefault(one => one.HasPrivateKey) ?? throw new TransportFileException(_options.Certificate, "no certificate in it has a private key");
            return (own, all);
        }

        string? key = _options.Key.Length > 0 ? _options.Key : null;
        X509Certificate2 certificate = password is null
            ? X509Certificate2.CreateFromPemFile(_options.Certificate, key)
            : X509Certificate2.CreateFromEncryptedPemFile(_options.Certificate, password, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_options.Certificate);
        return (certificate, chain);
    }

    private void Trust(SslServerAuthenticationOptions options)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(_options.ClientCa);
        if (authorities.Count == 0)
            throw new TransportFileException(_options.ClientCa, "there is no certificate in it");

        // Revocation is not looked up: whoever loses a key is taken out of the rules.
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        options.CertificateChainPolicy = policy;
        bool isOptional = _options.ClientCertificates == ClientCertificates.Allow;
        options.RemoteCertificateValidationCallback = (_, certificate, _, errors) => certificate is null ? isOptional : errors == SslPolicyErrors.None;
    }
}
