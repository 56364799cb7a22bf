namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>A request got no answer because there is no connection, or not any more.</summary>
public sealed class RemotingConnectionException : RemotingException
{
    /// <summary>Makes the error.</summary>
    public RemotingConnectionException(string message, bool maybeSent, Exception? innerException = null)
        : base(message, innerException!) => MaybeSent = maybeSent;

    /// <summary>Whether the peer may have received the request, and may have acted on it.</summary>
    public bool MaybeSent { get; }
}

/// <summary>A request got no answer in time. The peer may have acted on it, and may still answer.</summary>
public sealed class RemotingTimeoutException(string message) : RemotingException(message);

/// <summary>A request was not sent because too many already wait for their answers.</summary>
public sealed class RemotingOverloadException(string message)
    : RemotingException(Protocol.ResponseCode.SystemBusy, message);
