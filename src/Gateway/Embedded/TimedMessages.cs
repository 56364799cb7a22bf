using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;
using PropertyNames = ProtoBridgeMQ.Bridge.Messages.PropertyNames;
using PropertyTextWriter = ProtoBridgeMQ.Bridge.Messages.PropertyTextWriter;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Messages that wait for their time and can be called back until then, by their unique key.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TimedMessages(IBrokerCore core, RecordDecoder decoder, TimeProvider clock)
{
    /// <summary>Publishes one; its receipt has the handle.</summary>
    /// <param name="message">With a delay.</param>
    /// <param name="topic">Its topic.</param>
    public async ValueTask<PublishReceipt> PublishAsync(PublishMessage message, BrokerTopic topic)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            string? key = message.Properties.GetString(PropertyNames.UniqueKey);
            properties.WriteAll(message.Properties);
            if (key is null)
            {
                key = UniqueKeys.Next();
                properties.Write(PropertyNames.UniqueKey, key);
            }

            SendOutcome outcome = await Send(message, topic, properties.Written).ConfigureAwait(false);
            if (outcome.Status != SendStatus.Ok)
            {
                throw BrokerErrors.ToException(outcome.Status, outcome.Remark, $"topic {topic.Name}");
            }

            var receipt = new PublishReceipt(decoder.IdOf(outcome.PhysicalOffset), outcome.QueueId, outcome.QueueOffset);
            return outcome.RecallTime == 0
                ? receipt
                : receipt with { RecallHandle = new RecallHandle(topic.Name, core.Options.Name, outcome.RecallTime.ToString(CultureInfo.InvariantCulture), key).ToString() };
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>Calls one back.</summary>
    public async ValueTask RecallAsync(string topic, string handle)
    {
        if (core.Topics.Find(topic) is not { } found)
        {
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
        }

        if (!RecallHandle.TryParse(handle, out RecallHandle parsed)
            || parsed.Topic != topic
            || parsed.BrokerName != core.Options.Name
            || !long.TryParse(parsed.Time, NumberStyles.None, CultureInfo.InvariantCulture, out long time))
        {
            throw new BridgeException(BridgeError.InvalidArgument, $"This is no recall handle of topic {topic}.");
        }

        SendOutcome outcome = await core.RecallAsync(new RecallRequest
        {
            Topic = found,
            UniqueKey = parsed.UniqueKey,
            Time = time,
            BornHost = core.StoreHost,
        }).ConfigureAwait(false);
        if (outcome.Status != SendStatus.Ok)
        {
            throw BrokerErrors.ToException(outcome.Status, outcome.Remark, $"topic {topic}");
        }
    }

    private ValueTask<SendOutcome> Send(in PublishMessage message, BrokerTopic topic, MessageProperties properties)
        => core.SendAsync(new SendRequest
        {
            Topic = topic,
            QueueId = -1,
            OrderingHash = message.OrderingHash,
            BornTime = (message.BornAt ?? clock.GetUtcNow()).ToUnixTimeMilliseconds(),
            BornHost = message.BornHost ?? core.StoreHost,
            DeliverAt = clock.GetUtcNow().Add(message.Delay).ToUnixTimeMilliseconds(),
            Properties = properties.Text.Span,
            Body = message.Body.Span,
        });
}
