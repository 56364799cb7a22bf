using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>A copy of what a front published.</summary>
/// <param name="Topic">RocketMQ topic.</param>
/// <param name="Body">The body as it was when the publish started.</param>
/// <param name="Properties">The property text as it was when the publish started.</param>
/// <param name="OrderingHash">As given.</param>
/// <param name="Delay">As given.</param>
/// <param name="BornAt">As given.</param>
public sealed record FakePublish(string Topic, byte[] Body, byte[] Properties, int? OrderingHash, TimeSpan Delay, DateTimeOffset? BornAt)
{
    /// <summary>Set when it is to be retained.</summary>
    public RetainedWrite? Retained { get; init; }

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The tag, or null.</summary>
    public string? Tag => this[PropertyNames.Tags];

    /// <summary>A property's value, or null.</summary>
    public string? this[ReadOnlySpan<byte> name] => new MessageProperties(Properties).GetString(name);
}

/// <summary>A publish that waits for the test.</summary>
public sealed class HeldPublish
{
    private readonly TaskCompletionSource<PublishReceipt> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal HeldPublish(FakePublish publish) => Publish = publish;

    /// <summary>What is published.</summary>
    public FakePublish Publish { get; }

    internal Task<PublishReceipt> Done => _done.Task;

    internal void Complete(PublishReceipt receipt) => _done.TrySetResult(receipt);

    internal void Fail(BridgeException refusal) => _done.TrySetException(refusal);
}

/// <summary>A message in the log of the fake.</summary>
internal sealed record StoredMessage(FakePublish Publish, PublishReceipt Receipt, DateTimeOffset BornAt, DateTimeOffset StoredAt)
{
    public BridgeMessage CopyInto(MessageBatch batch, int attempt, DeliveryId delivery, long logOffset = 0)
    {
        Memory<byte> body = batch.Reserve(Publish.Body.Length);
        Publish.Body.CopyTo(body);
        Memory<byte> properties = batch.Reserve(Publish.Properties.Length);
        Publish.Properties.CopyTo(properties);
        return new BridgeMessage
        {
            Topic = Publish.Topic,
            QueueId = Receipt.QueueId,
            QueueOffset = Receipt.QueueOffset,
            MessageId = Receipt.MessageId,
            BornAt = BornAt,
            StoredAt = StoredAt,
            Attempt = attempt,
            LogOffset = logOffset,
            Delivery = delivery,
            Properties = new MessageProperties(properties),
            Body = body,
        };
    }
}
