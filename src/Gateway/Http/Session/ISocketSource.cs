using System.Text.Json;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>Where the messages of a WebSocket come from: a group, or a reader of its own.</summary>
internal interface ISocketSource : IAsyncDisposable
{
    /// <summary>Where it begins; null in a group.</summary>
    string? Place { get; }

    /// <summary>Reads into the batch; 0 when the wait ran out.</summary>
    ValueTask<int> ReadAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Writes the members of one of the messages that were read: <c>message</c>, and <c>position</c> of a reader.</summary>
    void Write(Utf8JsonWriter writer, MessageBatch batch, int index);

    /// <summary>Settles a delivery.</summary>
    ValueTask SettleAsync(string receipt, Settlement settlement);
}

/// <summary>A member of a group. What is not settled when the socket ends comes again at once.</summary>
internal sealed class GroupSource(IMessageStream stream) : ISocketSource
{
    private readonly ulong _life = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));

    public string? Place => null;

    public ValueTask<int> ReadAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken)
        => stream.ReceiveAsync(batch, max, wait, cancellationToken);

    public void Write(Utf8JsonWriter writer, MessageBatch batch, int index)
    {
        writer.WritePropertyName("message"u8);
        MessageJson.Write(writer, batch[index], new ReceiptHandle(_life, 1, batch[index].Delivery));
    }

    public ValueTask SettleAsync(string receipt, Settlement settlement)
        => ReceiptHandle.TryParse(receipt, out ReceiptHandle handle)
            ? handle.Life == _life
                ? stream.SettleAsync(handle.Delivery, settlement)
                : throw new BridgeException(BridgeError.DeliveryUnknown, "The receipt is of another connection: its message comes again.")
            : throw RefusalException.Invalid("This is no receipt.");

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}

/// <summary>A reader that sees everything from its place on.</summary>
internal sealed class BroadcastSource(FeedReader reader) : ISocketSource
{
    public string? Place => reader.Told.ToString();

    public ValueTask<int> ReadAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken)
        => reader.ReadAsync(batch, max, wait, cancellationToken);

    public void Write(Utf8JsonWriter writer, MessageBatch batch, int index)
    {
        FeedItem item = reader.Items[index];
        BridgeMessage message = batch[item.Index];
        reader.Tell(item, message);
        writer.WriteString("position"u8, reader.Told.ToString());
        writer.WritePropertyName("message"u8);
        MessageJson.Write(writer, message, receipt: null, item.Missing);
    }

    public ValueTask SettleAsync(string receipt, Settlement settlement) => throw RefusalException.Invalid("Without a group there is nothing to settle.");

    public ValueTask DisposeAsync() => reader.DisposeAsync();
}
