using System.Net;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>What the transports tell the log.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(7901, LogLevel.Information, "A connection from {From} is refused: {Why}")]
    public static partial void ProxyRefused(ILogger logger, EndPoint? from, string why);

    [LoggerMessage(7902, LogLevel.Information, "TLS: {Path} was read again, valid until {Until:u}")]
    public static partial void CertificateRead(ILogger logger, string path, DateTime until);

    [LoggerMessage(7903, LogLevel.Warning, "TLS: a changed file is not used, the certificate from before stays: {Why}")]
    public static partial void CertificateKept(ILogger logger, string why);
}
