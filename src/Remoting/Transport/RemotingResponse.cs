using System.Buffers;
using System.Collections.Concurrent;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>An answer to one of our requests. Owns pooled memory: dispose it when its fields and body were read.</summary>
public sealed class RemotingResponse : IDisposable
{
    private const int MaxPooled = 1024;

    private static readonly ConcurrentQueue<RemotingResponse> Pool = new();

    private byte[]? _body;
    private int _bodyLength;
    private int _rented;

    private RemotingResponse()
    {
    }

    /// <summary>The decoded header.</summary>
    public RemotingHeader Header { get; } = new();

    /// <summary>One of <see cref="Protocol.ResponseCode"/>.</summary>
    public int Code => Header.Code;

    /// <summary>The header's fields.</summary>
    public HeaderFields Fields => Header.Fields;

    /// <summary>The explanation of an error, or null.</summary>
    public string? Remark => Header.Remark.AsString();

    /// <summary>The body; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Body => _body.AsMemory(0, _bodyLength);

    /// <summary>Returns this object when the code is the expected one, else disposes it and throws it as an error.</summary>
    public RemotingResponse EnsureSuccess(int expected = Protocol.ResponseCode.Success)
    {
        if (Code == expected)
            return this;
        var error = new RemotingException(Code, Remark ?? $"response code {Code}");
        Dispose();
        throw error;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, 0) == 0)
            return;
        var body = _body;
        _body = null;
        _bodyLength = 0;
        if (body is not null)
            ArrayPool<byte>.Shared.Return(body);
        if (Pool.Count < MaxPooled)
            Pool.Enqueue(this);
    }

    internal static RemotingResponse Rent()
    {
        var response = Pool.TryDequeue(out var pooled) ? pooled : new RemotingResponse();
        response._rented = 1;
        return response;
    }

    /// <summary>Takes a copy of a body.</summary>
    internal void CopyBody(in ReadOnlySequence<byte> body)
    {
        _bodyLength = checked((int)body.Length);
        if (_bodyLength == 0)
            return;
        _body = ArrayPool<byte>.Shared.Rent(_bodyLength);
        body.CopyTo(_body);
    }
}
