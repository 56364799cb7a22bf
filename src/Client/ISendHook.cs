namespace ProtoBridgeMQ.Client;

/// <summary>Is told of the sends of a producer: <see cref="ProducerOptions.Hooks"/>. What it throws is logged and changes nothing.</summary>
/// <remarks>Called from any thread, several at once, on the way of the send: it must be fast.</remarks>
public interface ISendHook
{
    /// <summary>A message is about to be sent. It may still be changed. Not called for the messages of a batch.</summary>
    void Sending(Message message)
    {
    }

    /// <summary>A message was stored.</summary>
    /// <param name="message">The message.</param>
    /// <param name="receipt">Where.</param>
    /// <param name="took">How long it took, retries included; zero for a message of a batch.</param>
    void Sent(Message message, SendReceipt receipt, TimeSpan took)
    {
    }

    /// <summary>A send failed after its last try.</summary>
    /// <param name="message">The message.</param>
    /// <param name="error">What the caller gets.</param>
    /// <param name="took">How long it took, retries included.</param>
    void Failed(Message message, ProtoBridgeMqException error, TimeSpan took)
    {
    }
}

/// <summary>Is told of what the handler of a consumer does: <see cref="PushConsumerOptions.Hooks"/>. What it throws is logged and changes nothing.</summary>
/// <remarks>Called from any thread, several at once, around the handler: it must be fast.</remarks>
public interface IConsumeHook
{
    /// <summary>A message is about to be handled.</summary>
    void Handling(ReceivedMessage message)
    {
    }

    /// <summary>A message was handled.</summary>
    /// <param name="message">The message.</param>
    /// <param name="result">What the handler said; <see cref="ConsumeResult.RetryLater"/> when it threw.</param>
    /// <param name="error">What the handler threw, or null.</param>
    /// <param name="took">How long it took.</param>
    void Handled(ReceivedMessage message, ConsumeResult result, Exception? error, TimeSpan took)
    {
    }
}
