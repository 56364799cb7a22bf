namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>A file of TLS cannot be used; the message says which and why.</summary>
public sealed class TransportFileException : Exception
{
    /// <summary>Makes it.</summary>
    public TransportFileException(string path, string what, Exception? innerException = null)
        : base($"{(path.Length > 0 ? path : "tls.clientCa")}: {what}", innerException)
    {
    }
}
