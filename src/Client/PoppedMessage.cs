using ProtoBridgeMQ.Client.Popping;

namespace ProtoBridgeMQ.Client;

/// <summary>A message that a <see cref="SimpleConsumer"/> received, with what it takes to acknowledge it.</summary>
/// <remarks>Immutable.</remarks>
public sealed class PoppedMessage
{
    internal PoppedMessage(ReceivedMessage message, Receipt receipt)
    {
        Message = message;
        Receipt = receipt;
    }

    /// <summary>The message. <see cref="ReceivedMessage.ReconsumeTimes"/> says how often it came before.</summary>
    public ReceivedMessage Message { get; }

    /// <summary>Until when it is invisible to others, by the broker's clock.</summary>
    public DateTimeOffset InvisibleUntil => DateTimeOffset.FromUnixTimeMilliseconds(Receipt.PopTime + Receipt.InvisibleTime);

    /// <summary>The receipt handle as RocketMQ writes it.</summary>
    public string ReceiptHandle => Receipt.ToString();

    internal Receipt Receipt { get; }
}
