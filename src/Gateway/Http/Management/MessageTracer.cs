using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>
/// Finds out what became of a message: from itself, from the progress of the groups of its topic, from their retries
/// and dead letters, and from the message trace of native clients and the gateway where there is one.
/// </summary>
internal static class MessageTracer
{
    private const string TraceTopic = "RMQ_SYS_TRACE_TOPIC";
    private const int MaxGroups = 50;
    private const int MaxRead = 500;
    private const int MaxTraces = 32;

    private static readonly byte[] MqttPrefix = "mqtt."u8.ToArray();

    public static async ValueTask<MessageTrace> TraceAsync(IAdministration brokers, StoredMessage message, CancellationToken cancellationToken)
    {
        List<TraceStep> steps = [Sent(message), Stored(message, "stored", null)];
        List<GroupTrace> groups = [];
        string topic = message.Properties.GetString(PropertyNames.RetryTopic) ?? message.Topic;
        IReadOnlyList<string> names = await GroupsAsync(brokers, topic, cancellationToken);
        foreach (string group in names.Take(MaxGroups))
            groups.Add(await OfGroupAsync(brokers, message, group, steps, cancellationToken));

        steps.AddRange(await RecordedAsync(brokers, message, cancellationToken));
        return new MessageTrace(message.MessageId, topic, [.. steps.OrderBy(step => step.At)], groups, names.Count > MaxGroups);
    }

    private static async ValueTask<IReadOnlyList<string>> GroupsAsync(IAdministration brokers, string topic, CancellationToken cancellationToken)
    {
        try
        {
            return await brokers.Topics.ListGroupsAsync(topic, cancellationToken);
        }
        catch (BridgeException gone) when (gone.Error == BridgeError.TopicNotFound)
        {
            return [];
        }
    }

    private static TraceStep Sent(StoredMessage message)
        => new(message.BornAt, ProtocolOf(message.Properties), "sent", null, message.BornHost.Length == 0 ? null : message.BornHost, null);

    /// <summary>Native clients give an id of their own, and MQTT 5 leaves its fields; else it was HTTP or MQTT.</summary>
    private static string ProtocolOf(MessageProperties properties)
    {
        if (properties.TryGet(PropertyNames.UniqueKey, out _))
            return "remoting";

        foreach (MessageProperties.Property property in properties)
        {
            if (property.Name.StartsWith(MqttPrefix) && !property.Name.SequenceEqual(PropertyNames.MqttContentType))
                return "mqtt";
        }

        return "gateway";
    }

    private static TraceStep Stored(StoredMessage message, string step, string? group) => new(
        message.StoredAt,
        "broker",
        step,
        group,
        null,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["broker"] = message.Broker,
            ["topic"] = message.Topic,
            ["queue"] = message.QueueId.ToString(CultureInfo.InvariantCulture),
            ["offset"] = message.Offset.ToString(CultureInfo.InvariantCulture),
            ["messageId"] = message.MessageId,
        });

    private static async ValueTask<GroupTrace> OfGroupAsync(IAdministration brokers, StoredMessage message, string group, List<TraceStep> steps, CancellationToken cancellationToken)
    {
        IReadOnlyList<QueueLag> progress = await brokers.Groups.GetProgressAsync(group, cancellationToken);
        string[] members = [.. (await brokers.Groups.ListMembersAsync(group, cancellationToken)).Select(member => member.ClientId)];
        bool isRead = progress.Any(queue => queue.Topic == message.Topic && queue.Broker == message.Broker && queue.QueueId == message.QueueId && queue.Offset > message.Offset);
        IReadOnlyList<StoredMessage> retries = await CopiesAsync(brokers, TopicNames.RetryOf(group), message, cancellationToken);
        IReadOnlyList<StoredMessage> dead = await CopiesAsync(brokers, TopicNames.DeadLettersOf(group), message, cancellationToken);
        steps.AddRange(retries.Select(copy => Stored(copy, "sent-back", group)));
        steps.AddRange(dead.Select(copy => Stored(copy, "dead-lettered", group)));
        bool isRetrying = retries.Count > 0 && !progress.Any(queue =>
            queue.Topic == retries[^1].Topic && queue.Broker == retries[^1].Broker && queue.QueueId == retries[^1].QueueId && queue.Offset > retries[^1].Offset);
        // A dead letter that was given again is retried once more.
        bool isDead = dead.Count > 0 && (retries.Count == 0 || dead[^1].StoredAt >= retries[^1].StoredAt);
        string state = isDead ? "dead-letter" : isRetrying ? "retrying" : isRead ? "consumed" : "waiting";
        return new GroupTrace(group, state, retries.Count + dead.Count, members);
    }

    /// <summary>Copies of a message in a topic of a group, oldest first, as far as one may look.</summary>
    private static async ValueTask<IReadOnlyList<StoredMessage>> CopiesAsync(IAdministration brokers, string topic, StoredMessage message, CancellationToken cancellationToken)
    {
        if (await brokers.Topics.FindAsync(topic, cancellationToken) is null)
            return [];

        List<StoredMessage> copies = [];
        foreach (QueueState queue in await brokers.Topics.GetQueuesAsync(topic, cancellationToken))
        {
            long offset = Math.Max(queue.First, await brokers.Messages.SearchAsync(topic, queue.Broker, queue.QueueId, message.StoredAt, cancellationToken));
            long end = Math.Min(queue.End, offset + MaxRead);
            while (offset < end)
            {
                IReadOnlyList<StoredMessage> read = await brokers.Messages.ReadAsync(topic, queue.Broker, queue.QueueId, offset, (int)(end - offset), cancellationToken);
                if (read.Count == 0)
                    break;

                copies.AddRange(read.Where(copy => IsCopy(copy, message)));
                offset = read[^1].Offset + 1;
            }
        }

        return [.. copies.OrderBy(copy => copy.StoredAt)];
    }

    private static bool IsCopy(StoredMessage copy, StoredMessage message)
        => copy.Properties.GetString(PropertyNames.OriginMessageId) == message.MessageId
            || (message.Properties.GetString(PropertyNames.UniqueKey) is { } key && copy.Properties.GetString(PropertyNames.UniqueKey) == key);

    private static async ValueTask<IEnumerable<TraceStep>> RecordedAsync(IAdministration brokers, StoredMessage message, CancellationToken cancellationToken)
    {
        // The gateway's own records name a message without an id of its sender by its place.
        string id = message.Properties.GetString(PropertyNames.UniqueKey) ?? message.MessageId;
        try
        {
            IReadOnlyList<StoredMessage> records = await brokers.Messages.FindByKeyAsync(TraceTopic, id, MaxTraces, cancellationToken);
            return records.SelectMany(record => TraceLines.Read(record.Body.Span, id));
        }
        catch (BridgeException)
        {
            // Without an index there are no records to be found; the rest of the trace is as good.
            return [];
        }
    }
}
