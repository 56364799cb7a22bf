using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>What is asked of a client's certificate.</summary>
public enum ClientCertificates
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It may have one; then it is checked.</summary>
    Allow,

    /// <summary>Without a good one the handshake fails.</summary>
    Require,
}

/// <summary>TLS of the gateway's encrypted ports.</summary>
public sealed class TlsOptions
{
    /// <summary>Certificate: a PEM file, intermediate certificates behind it, or a PFX file. Empty: no encrypted ports.</summary>
    public string Certificate { get; set; } = string.Empty;

    /// <summary>PEM file of the private key; empty: it is in the certificate's file.</summary>
    public string Key { get; set; } = string.Empty;

    /// <summary>Password of the PFX file or of the encrypted key.</summary>
    public string Password { get; set; } = string.Empty;

    /// <summary>What is asked of clients.</summary>
    public ClientCertificates ClientCertificates { get; set; } = ClientCertificates.None;

    /// <summary>PEM file of the authorities that sign clients' certificates; no others are trusted.</summary>
    public string ClientCa { get; set; } = string.Empty;

    /// <summary>How long a handshake may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the files are looked at for changes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether there is a certificate.</summary>
    public bool IsConfigured() => Certificate.Length > 0;
}
