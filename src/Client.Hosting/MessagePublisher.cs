using System.Buffers;
using Microsoft.Extensions.DependencyInjection;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Sends values, written by the serializers that the application added (<see cref="ProtoBridgeMqBuilder.AddSerializer{T}"/>).</summary>
/// <remarks>Thread safe.</remarks>
public sealed class MessagePublisher
{
    private readonly IServiceProvider _services;

    internal MessagePublisher(Producer producer, IServiceProvider services)
    {
        Producer = producer;
        _services = services;
    }

    /// <summary>What it sends with.</summary>
    public Producer Producer { get; }

    /// <summary>Sends a value.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="value">The value.</param>
    /// <param name="tag">The tag; null for none.</param>
    /// <param name="keys">Keys for look-up, separated by blanks; null for none.</param>
    /// <param name="orderingKey">Messages of one key are stored in one queue, in their order; null for any queue.</param>
    /// <param name="cancellationToken">Ends the wait; the message may be stored nevertheless.</param>
    /// <exception cref="InvalidOperationException">There is no serializer for the type.</exception>
    /// <exception cref="ProtoBridgeMqException">It was not stored, or that is unknown.</exception>
    public ValueTask<SendReceipt> SendAsync<T>(
        string topic, T value, string? tag = null, string? keys = null, string? orderingKey = null, CancellationToken cancellationToken = default)
    {
        IMessageSerializer<T> serializer = _services.GetService<IMessageSerializer<T>>()
            ?? throw new InvalidOperationException($"There is no serializer for {typeof(T)}: call AddSerializer on the builder.");
        var body = new ArrayBufferWriter<byte>(256);
        serializer.Write(value, body);
        var message = new Message(topic, body.WrittenMemory, tag, keys);
        if (serializer.ContentType is { } contentType)
        {
            message.Properties["contentType"] = contentType;
        }

        return orderingKey is null ? Producer.SendAsync(message, cancellationToken) : Producer.SendAsync(message, orderingKey, cancellationToken);
    }
}
