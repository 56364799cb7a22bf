using System.Buffers;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>A message as it goes on the wire. Owns the pooled memory of its property text.</summary>
internal readonly struct EncodedMessage(
    byte[] propertyBuffer, int propertyLength, ReadOnlyMemory<byte> body, int systemFlag, int flag, long bornTimestamp, string messageId)
{
    public HeaderText Properties => new(propertyBuffer.AsMemory(0, propertyLength));

    public ReadOnlySpan<byte> PropertySpan => propertyBuffer.AsSpan(0, propertyLength);

    public ReadOnlyMemory<byte> Body { get; init; } = body;

    /// <summary>Whether it depends on the broker how it can be sent, or whether.</summary>
    public bool DependsOnBroker => Kind == SendKind.Timed || Body.IsEmpty;

    /// <summary>Which request it goes by.</summary>
    public SendKind Kind { get; init; }

    public int SystemFlag { get; init; } = systemFlag;

    public int Flag { get; } = flag;

    public long BornTimestamp { get; } = bornTimestamp;

    public string MessageId { get; } = messageId;

    /// <summary>Gives the memory back; the message must have left, or never will.</summary>
    public void Release() => ArrayPool<byte>.Shared.Return(propertyBuffer);
}
