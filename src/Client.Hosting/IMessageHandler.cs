namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Handles the messages of a hosted consumer. Made in a scope of its own for each message.</summary>
public interface IMessageHandler
{
    /// <summary>Handles a message. What it throws counts as <see cref="ConsumeResult.RetryLater"/>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Cancelled when the application's stop has waited long enough.</param>
    ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken);
}

/// <summary>Handles the values in the messages of a hosted consumer. Made in a scope of its own for each message.</summary>
/// <typeparam name="T">The values; an <see cref="IMessageSerializer{T}"/> of them must be a service.</typeparam>
public interface IMessageHandler<in T>
{
    /// <summary>Handles a value. What it throws counts as <see cref="ConsumeResult.RetryLater"/>. A body that is no such value is not handled: it becomes a dead letter.</summary>
    /// <param name="value">The value.</param>
    /// <param name="message">The message that it came in.</param>
    /// <param name="cancellationToken">Cancelled when the application's stop has waited long enough.</param>
    ValueTask<ConsumeResult> HandleAsync(T value, ReceivedMessage message, CancellationToken cancellationToken);
}
