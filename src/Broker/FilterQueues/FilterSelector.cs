using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Broker.FilterQueues;

/// <summary>
/// Says into which filters' queues a record goes: those whose filter matches the MQTT topic name that it is delivered
/// under, as the mapping has it. A light queue whose name begins with <see cref="Prefix"/> is that of the filter behind it.
/// </summary>
/// <remarks>
/// The answer depends on the record and the filters alone, so that records which come again after a crash go where they
/// went. Asked by the dispatcher, told by those who make and delete queues.
/// </remarks>
internal sealed class FilterSelector : ILightQueueSelector
{
    private readonly Lock _lock = new();
    private readonly FilterTree _tree = new();
    private readonly byte[] _name = new byte[MqttTopicName.MaxLength];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<byte>> _system;
    private int _count;

    public FilterSelector(BrokerOptions options)
        => _system = TopicName.OfSystem(options).Select(topic => topic.Name).Concat(TopicName.SystemTopics)
            .ToHashSet(NameComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Told of a queue of a filter that was made or is being deleted; the name is borrowed.</summary>
    public delegate void QueueChange(LightQueueId queue, ReadOnlySpan<byte> name, bool exists);

    /// <summary>
    /// What the light queue of a filter is called, and under which topic it is pulled. A record cannot name such a queue
    /// itself: names in <c>INNER_MULTI_DISPATCH</c> have no slash.
    /// </summary>
    public static ReadOnlySpan<byte> Prefix => "%LMQ%mqtt/"u8;

    /// <summary>Called in the order of the changes.</summary>
    public QueueChange? Changed { get; set; }

    /// <summary>Filters that have a queue.</summary>
    public int Count => Volatile.Read(ref _count);

    public void OnCreated(LightQueueId queue, ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(Prefix))
        {
            return;
        }

        lock (_lock)
        {
            _tree.Add(name[Prefix.Length..], queue);
            _count++;
            Changed?.Invoke(queue, name, exists: true);
        }
    }

    public void OnDeleted(LightQueueId queue, ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(Prefix))
        {
            return;
        }

        lock (_lock)
        {
            _tree.Remove(name[Prefix.Length..], queue);
            _count--;
            Changed?.Invoke(queue, name, exists: false);
        }
    }

    public void Select(in MessageRecord record, LightQueueTargets targets)
    {
        if (Count == 0 || IsOfGateways(record.Topic))
        {
            return;
        }

        lock (_lock)
        {
            int length = WriteName(record);
            if (length <= 0)
            {
                return;
            }

            ReadOnlySpan<byte> name = _name.AsSpan(0, length);
            // [MQTT-4.7.2-1]; and topics that are not a user's are found by their own names only.
            _tree.Match(name, wildcards: name[0] != '$' && IsUser(record.Topic), targets);
        }
    }

    /// <summary>Where gateways keep their own: nothing that a filter matches, under whatever name it is kept.</summary>
    private static bool IsOfGateways(ReadOnlySpan<byte> topic)
        => topic.SequenceEqual("PROTOBRIDGE_STATE"u8) || topic.SequenceEqual("PROTOBRIDGE_RETAINED"u8);

    private int WriteName(in MessageRecord record)
    {
        if (PropertyText.TryGet(record.Properties, PropertyNames.MqttTopic, out ReadOnlySpan<byte> kept) && MqttTopicName.IsValid(kept))
        {
            kept.CopyTo(_name);
            return kept.Length;
        }

        return TopicMapping.WriteName(record.Topic, record.Tags, _name);
    }

    private bool IsUser(ReadOnlySpan<byte> topic)
        => !topic.StartsWith("%RETRY%"u8) && !topic.StartsWith("%DLQ%"u8) && !topic.StartsWith("rmq_sys_"u8) && !_system.Contains(topic);
}
