using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>Makes a message of a will.</summary>
public sealed class WillPublisher
{
    /// <summary>A publish has ended one way or the other after so long; clocks differ by less.</summary>
    private static readonly TimeSpan LookBackSpan = TimeSpan.FromMinutes(1);

    private readonly IMessageBridge _bridge;
    private readonly TimeProvider _clock;
    private readonly NameMapping _mapping;

    public WillPublisher(IMessageBridge bridge, NameMapping mapping, TimeProvider clock)
    {
        _bridge = bridge;
        _mapping = mapping;
        _clock = clock;
    }

    /// <summary>The will that a message was made of.</summary>
    public static ReadOnlySpan<byte> WillName => "mqtt.will"u8;

    /// <summary>Refuses a will that can be no message.</summary>
    /// <exception cref="BridgeException">Its topic is none, or it has a property that the log cannot keep.</exception>
    public void ThrowIfImpossible(string clientId, KeptWill will)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            Write(clientId, will, ref properties);
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>Completes when the message is durable.</summary>
    /// <exception cref="BridgeException">It was refused, or it is unknown whether it was stored.</exception>
    public async ValueTask PublishAsync(string clientId, KeptWill will)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            string topic = Write(clientId, will, ref properties);
            var message = new PublishMessage(topic, will.Payload, properties.Written) { OrderingHash = TopicMapping.OrderingHash(will.Topic.Span), Retain = will.Retain };
            await _bridge.PublishAsync(message, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>Whether the will's message is in the log, when its publishing had begun.</summary>
    public async ValueTask<bool> IsPublishedAsync(KeptWill will, CancellationToken cancellationToken)
    {
        if (will.PublishingSince == 0)
            return false;
        var since = DateTimeOffset.FromUnixTimeMilliseconds(will.PublishingSince);
        byte[] id = System.Text.Encoding.ASCII.GetBytes(will.Id.ToString("N"));
        bool found = false;
        var look = new LookBack(_mapping.TopicOf(will.Topic.Span), since - LookBackSpan, since + LookBackSpan)
        {
            Show = properties => !(found = properties.TryGet(WillName, out ReadOnlySpan<byte> name) && name.SequenceEqual(id)),
        };
        await _bridge.LookBackAsync(look, cancellationToken).ConfigureAwait(false);
        return found;
    }

    private string Write(string clientId, KeptWill will, ref PropertyTextWriter properties)
    {
        string topic = _mapping.Map(will.Topic.Span, ref properties);
        MessageProperties5.WriteQos(will.Qos, ref properties);
        if (will.Retain)
            MessageFields.WriteRetain(ref properties);
        properties.Write(MessageProperties5.ClientName, clientId);
        properties.Write(WillName, will.Id.ToString("N"));
        MessageProperties5.ToLog(new PropertyBlock(will.Properties), _clock.GetUtcNow(), ref properties);
        return topic;
    }
}
