using System.Buffers;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// One received request while it is handled. Pooled: a handler must not keep it after its task has completed, and may
/// use <see cref="Header"/> and <see cref="Body"/> only before its first await.
/// </summary>
public sealed class RemotingRequest
{
    private readonly Action _onHandled;
    private RemotingHeader? _header;
    private ReadOnlySequence<byte> _body;
    private SerializeType _serialization;
    private int _opaque;
    private int _answered;
    private ValueTaskAwaiter _handling;

    internal RemotingRequest(RemotingConnection connection)
    {
        Connection = connection;
        _onHandled = OnHandled;
    }

    /// <summary>Where it came from; requests and one-way notices can be sent back on it.</summary>
    public RemotingConnection Connection { get; }

    /// <summary>The header, borrowed until the first await.</summary>
    public RemotingHeader Header => _header
        ?? throw new InvalidOperationException("a request's header is borrowed only until its handler first awaits");

    /// <summary>The header's fields, borrowed until the first await.</summary>
    public HeaderFields Fields => Header.Fields;

    /// <summary>The body, borrowed until the first await.</summary>
    public ReadOnlySequence<byte> Body => _body;

    /// <summary>The request's code; stays valid.</summary>
    public int Code { get; private set; }

    /// <summary>The sender's protocol version; stays valid.</summary>
    public int Version { get; private set; }

    /// <summary>Whether replies are dropped; stays valid.</summary>
    public bool IsOneWay { get; private set; }

    /// <summary>Whether this request was answered already.</summary>
    public bool IsAnswered => Volatile.Read(ref _answered) != 0;

    /// <summary>Answers without fields or body.</summary>
    public void Reply(int code, string? remark = null) => Reply(code, default(NoFields), remark);

    /// <summary>Answers with a typed header.</summary>
    public void Reply<THeader>(int code, in THeader header, string? remark = null)
        where THeader : struct, IHeaderWriter => Reply(code, header, ReadOnlyMemory<byte>.Empty, remark);

    /// <summary>Answers with a typed header and a body, which is copied before this returns.</summary>
    public void Reply<THeader>(int code, in THeader header, ReadOnlyMemory<byte> body, string? remark = null)
        where THeader : struct, IHeaderWriter => ReplyStreaming(code, header, new MemoryBody(body), remark);

    /// <summary>Answers with a typed header and a body that is written straight into the output before this returns.</summary>
    public void ReplyStreaming<THeader, TBody>(int code, in THeader header, in TBody body, string? remark = null)
        where THeader : struct, IHeaderWriter
        where TBody : struct, IResponseBody
    {
        if (Interlocked.Exchange(ref _answered, 1) != 0)
            throw new InvalidOperationException($"a request with code {Code} was answered twice");
        if (IsOneWay)
            return;
        var start = Connection.StartOf(code, _opaque, HeaderFlags.Response, _serialization);
        if (!Connection.Output.TryWrite(start, header, new HeaderText(remark), body))
            RemotingMetrics.DroppedReplies.Add(1);
    }

    internal void Begin(RemotingHeader header, ReadOnlySequence<byte> body)
    {
        _header = header;
        _body = body;
        _serialization = header.Serialization;
        _opaque = header.Opaque;
        _answered = 0;
        Code = header.Code;
        Version = header.Version;
        IsOneWay = header.IsOneWay;
    }

    /// <summary>Runs the handler until it ends or first awaits; then the header and the body are the connection's again.</summary>
    internal void Handle(IRequestHandler handler)
    {
#pragma warning disable CA2012 // Looked at once when complete, else attached to one continuation: no task per request.
        ValueTask handling;
        try
        {
            handling = handler.HandleAsync(this);
        }
        catch (Exception error)
        {
            handling = ValueTask.FromException(error);
        }
        // A handler that awaits may end on another thread from here on, and this object may already serve the next
        // request when it does. So nothing of it is touched after the continuation is attached.
        var awaiter = handling.GetAwaiter();
#pragma warning restore CA2012
        if (awaiter.IsCompleted)
        {
            Finish(awaiter);
            return;
        }
        _header = null;
        _body = default;
        _handling = awaiter;
        awaiter.UnsafeOnCompleted(_onHandled);
    }

    private void OnHandled()
    {
        var handling = _handling;
        _handling = default;
        Finish(handling);
    }

    private void Finish(ValueTaskAwaiter handling)
    {
        try
        {
#pragma warning disable VSTHRD002 // Only called when the handler has ended.
            handling.GetResult();
#pragma warning restore VSTHRD002
            if (!IsAnswered && !IsOneWay)
                Connection.AnswerSilence(this);
        }
        catch (Exception error)
        {
            Connection.AnswerFailure(this, error);
        }
        finally
        {
            _header = null;
            _body = default;
            Connection.Return(this);
        }
    }
}
