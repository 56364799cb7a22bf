using System.Buffers;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// One received request while it is handled. Pooled: a handler must not keep it after its task has completed, and may
/// use <see cref="Header"/> and <see cref="Body"/> only before its first await.
/// </summary>
public sealed class RemotingRequest
{
    internal RemotingRequest(RemotingConnection connection) => Connection = connection;

    /// <summary>Where it came from; requests and one-way notices can be sent back on it.</summary>
    public RemotingConnection Connection { get; }

    /// <summary>The header, borrowed until the first await.</summary>
    public RemotingHeader Header => throw new NotSupportedException();

    /// <summary>The header's fields, borrowed until the first await.</summary>
    public HeaderFields Fields => Header.Fields;

    /// <summary>The body, borrowed until the first await.</summary>
    public ReadOnlySequence<byte> Body => default;

    /// <summary>The request's code; stays valid.</summary>
    public int Code => 0;

    /// <summary>Whether replies are dropped; stays valid.</summary>
    public bool IsOneWay => false;

    /// <summary>Whether this request was answered already.</summary>
    public bool IsAnswered => false;

    /// <summary>Answers without fields or body.</summary>
    public void Reply(int code, string? remark = null) => Reply(code, default(NoFields), remark);

    /// <summary>Answers with a typed header.</summary>
    public void Reply<THeader>(int code, in THeader header, string? remark = null)
        where THeader : struct, IHeaderWriter => Reply(code, header, ReadOnlyMemory<byte>.Empty, remark);

    /// <summary>Answers with a typed header and a body, which is copied before this returns.</summary>
    public void Reply<THeader>(int code, in THeader header, ReadOnlyMemory<byte> body, string? remark = null)
        where THeader : struct, IHeaderWriter => throw new NotSupportedException();

    /// <summary>Answers with a typed header and a body that is written straight into the output before this returns.</summary>
    public void ReplyStreaming<THeader, TBody>(int code, in THeader header, in TBody body, string? remark = null)
        where THeader : struct, IHeaderWriter
        where TBody : struct, IResponseBody => throw new NotSupportedException();
}
