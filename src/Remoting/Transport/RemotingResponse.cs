using System.Buffers;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>An answer to one of our requests. Owns pooled memory: dispose it when its fields and body were read.</summary>
public sealed class RemotingResponse : IDisposable
{
    private byte[]? _body;
    private int _bodyLength;

    internal RemotingResponse()
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

    /// <summary>Takes a copy of a frame; returns null or what is wrong with its header.</summary>
    internal string? Load(in Frame frame)
    {
        _bodyLength = checked((int)frame.Body.Length);
        if (_bodyLength > 0)
        {
            _body = ArrayPool<byte>.Shared.Rent(_bodyLength);
            frame.Body.CopyTo(_body);
        }
        return Header.Decode(frame);
    }

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
        var body = _body;
        _body = null;
        _bodyLength = 0;
        if (body is not null)
            ArrayPool<byte>.Shared.Return(body);
    }
}
