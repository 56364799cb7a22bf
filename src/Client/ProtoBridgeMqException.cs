namespace ProtoBridgeMQ.Client;

/// <summary>What every failed call of this library throws, but cancellation and wrong arguments.</summary>
public abstract class ProtoBridgeMqException : Exception
{
    private protected ProtoBridgeMqException(
        string message, bool mayHaveHappened, int? responseCode = null, string? address = null, Exception? innerException = null)
        : base(message, innerException)
    {
        MayHaveHappened = mayHaveHappened;
        ResponseCode = responseCode;
        Address = address;
    }

    /// <summary>
    /// Whether the request may have taken effect although it failed: a message may be stored, an offset committed.
    /// False is a promise that it was not.
    /// </summary>
    public bool MayHaveHappened { get; }

    /// <summary>The response code that a broker or name server answered; null when the failure is not an answer.</summary>
    public int? ResponseCode { get; }

    /// <summary>Who was asked, as <c>host:port</c>, if anybody.</summary>
    public string? Address { get; }
}

/// <summary>No connection could be made, or it broke before the answer came.</summary>
public sealed class ClusterUnreachableException : ProtoBridgeMqException
{
    internal ClusterUnreachableException(string message, bool mayHaveHappened, string? address, Exception? innerException = null)
        : base(message, mayHaveHappened, null, address, innerException)
    {
    }
}

/// <summary>No answer came in time. Whether the request took effect is unknown.</summary>
public sealed class RequestTimeoutException : ProtoBridgeMqException
{
    internal RequestTimeoutException(string message, bool mayHaveHappened, string? address, Exception? innerException = null)
        : base(message, mayHaveHappened, null, address, innerException)
    {
    }
}

/// <summary>A broker or name server answered with an error: <see cref="ProtoBridgeMqException.ResponseCode"/> says which.</summary>
public sealed class RequestRefusedException : ProtoBridgeMqException
{
    internal RequestRefusedException(string message, int responseCode, string? address, bool mayHaveHappened = false, Exception? innerException = null)
        : base(message, mayHaveHappened, responseCode, address, innerException) => Reason = RefusalReasons.Of(responseCode);

    /// <summary>What the response code means to a program.</summary>
    public RefusalReason Reason { get; }
}

/// <summary>No name server knows the topic, and it cannot be created by sending to it.</summary>
public sealed class TopicNotFoundException : ProtoBridgeMqException
{
    internal TopicNotFoundException(string topic, string message, int? responseCode = Remoting.Protocol.ResponseCode.TopicNotExist)
        : base(message, false, responseCode) => Topic = topic;

    /// <summary>The topic.</summary>
    public string Topic { get; }
}

/// <summary>The message cannot be sent as it is: too large, a reserved property, an impossible topic. Nothing was sent.</summary>
public sealed class InvalidMessageException : ProtoBridgeMqException
{
    internal InvalidMessageException(string message)
        : base(message, false)
    {
    }
}

/// <summary>Too many requests wait for their answers already. Nothing was sent; try again later or send less at once.</summary>
public sealed class ClientBusyException : ProtoBridgeMqException
{
    internal ClientBusyException(string message, string? address, Exception? innerException = null)
        : base(message, false, null, address, innerException)
    {
    }
}

/// <summary>An answer came that the protocol does not allow.</summary>
public sealed class BadAnswerException : ProtoBridgeMqException
{
    internal BadAnswerException(string message, string? address, bool mayHaveHappened, Exception? innerException = null)
        : base(message, mayHaveHappened, null, address, innerException)
    {
    }
}

/// <summary>Some of a batch was sent and some was not.</summary>
public sealed class BatchPartlySentException : ProtoBridgeMqException
{
    internal BatchPartlySentException(IReadOnlyList<SendReceipt> sent, int total, ProtoBridgeMqException cause)
        : base(
            $"{sent.Count} of {total} messages were sent; the next part failed: {cause.Message}",
            cause.MayHaveHappened,
            cause.ResponseCode,
            cause.Address,
            cause) => Sent = sent;

    /// <summary>The receipts of the first messages, in the order given: those after them were not sent, or it is unknown (<see cref="ProtoBridgeMqException.MayHaveHappened"/>).</summary>
    public IReadOnlyList<SendReceipt> Sent { get; }
}
