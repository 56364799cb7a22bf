using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting;

/// <summary>An error that has a RocketMQ response code. Thrown by a handler, it becomes that answer.</summary>
public class RemotingException : Exception
{
    /// <summary>A <see cref="ResponseCode.SystemError"/> without text.</summary>
    public RemotingException()
        : this(ResponseCode.SystemError, "system error")
    {
    }

    /// <summary>A <see cref="ResponseCode.SystemError"/>.</summary>
    public RemotingException(string message)
        : this(ResponseCode.SystemError, message)
    {
    }

    /// <summary>A <see cref="ResponseCode.SystemError"/> with its cause.</summary>
    public RemotingException(string message, Exception innerException)
        : base(message, innerException) => Code = ResponseCode.SystemError;

    /// <summary>An error with its response code.</summary>
    public RemotingException(int code, string message)
        : base(message) => Code = code;

    /// <summary>One of <see cref="ResponseCode"/>.</summary>
    public int Code { get; }
}
