using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>
/// The metrics that have a name in RocketMQ 5, under that name and with its labels, where the meaning is the same. All are read
/// when metrics are collected: sending and reading pay nothing for them.
/// </summary>
internal sealed class RocketMqMetrics(BrokerCore core, Meter meter)
{
    private static readonly string[] Everywhere = ["cluster", "node_type", "node_id"];

    private readonly KeyValuePair<string, object?>[] _node =
    [
        new(Everywhere[0], core.Options.Cluster), new(Everywhere[1], "broker"), new(Everywhere[2], core.Options.Name),
    ];

    private readonly GroupPlaces _places = new(core);
    private readonly ConcurrentDictionary<string, long> _leftOut = new(StringComparer.Ordinal);

    /// <summary>Makes the instruments.</summary>
    public void Observe()
    {
        Total("rocketmq_messages_in_total", "Messages appended, by topic", () => Counters(StatisticKind.TopicPut, static counter => counter.Messages, OfTopic));
        Total("rocketmq_throughput_in_total", "Bytes of records appended, by topic", () => Counters(StatisticKind.TopicPut, static counter => counter.Bytes, OfTopic));
        Total("rocketmq_messages_out_total", "Messages given to groups", () => Counters(StatisticKind.GroupGet, static counter => counter.Messages, OfGroup));
        Total("rocketmq_throughput_out_total", "Bytes of records given to groups", () => Counters(StatisticKind.GroupGet, static counter => counter.Bytes, OfGroup));
        Total("rocketmq_send_to_dlq_messages_total", "Messages put into the dead letters of groups", DeadLetters);
        Gauge("rocketmq_consumer_lag_messages", "Messages that groups have not finished", () => Places(static place => place.Lag));
        Gauge("rocketmq_consumer_inflight_messages", "Messages that members pulled and groups have not finished", () => Places(static place => place.Inflight));
        Gauge("rocketmq_consumer_ready_messages", "Messages that no member pulled yet", () => Places(static place => place.Ready));
        Gauge("rocketmq_consumer_lag_latency", "Milliseconds since the oldest message was stored that a group has not finished", () => Places(place => place.Age(place.Oldest)));
        Gauge("rocketmq_consumer_queueing_latency", "Milliseconds since the oldest message was stored that no member pulled", () => Places(place => place.Age(place.OldestReady)));
        Gauge("rocketmq_producer_connections", "Producers by language and version", Producers);
        Gauge("rocketmq_consumer_connections", "Members of groups by language and version", Consumers);
        ObserveNode();
        ObserveStorage();
    }

    private void ObserveNode()
    {
        Gauge("rocketmq_topic_number", "Topics", () => [Node(core.Topics.Count)]);
        Gauge("rocketmq_consumer_group_number", "Groups with settings", () => [Node(core.Groups.All().Count)]);
        Gauge("rocketmq_broker_permission", "Read 4, write 2", () => [Node(core.Options.Permission)]);
        Gauge("rocketmq_half_messages", "Transactions that have not ended", () => [Node(core.Transactions.Open)]);
        Gauge("rocketmq_timing_messages", "Messages that wait for their time", () => [Node(core.WaitingTimers)]);
        meter.CreateObservableGauge("broker.metrics.left_out", LeftOut, description: "Series that found no room, by metric");
    }

    private void ObserveStorage()
    {
        KeyValuePair<string, object?>[] labels = [.. _node, new("storage_type", "local"), new("storage_medium", "disk")];
        Gauge("rocketmq_storage_size", "Bytes used of the disk", () => core.DiskRoom() is { } room ? [new(room.Used, labels)] : []);
        Gauge("rocketmq_storage_flush_behind_bytes", "Bytes written and not durable", () => [new(Math.Max(0, core.Store.Written.Value - core.Store.Durable.Value), labels)]);
        Gauge("rocketmq_storage_dispatch_behind_bytes", "Bytes written and not readable yet", () => [new(Math.Max(0, core.Store.Written.Value - core.Store.Dispatched.Value), labels)]);
        Gauge("rocketmq_storage_message_reserve_time", "Milliseconds since the oldest message was stored", () => [new(core.EarliestRecordTime() is > 0 and long first ? Math.Max(0, core.Statistics.Now - first) : 0, labels)]);
    }

    private IEnumerable<Measurement<long>> Counters(StatisticKind kind, Func<Statistic, long> value, Func<StatisticKey, KeyValuePair<string, object?>[]> labels) =>
        core.Statistics.Of(kind).Select(counter => new Measurement<long>(value(counter.Statistic), labels(counter.Key)));

    private IEnumerable<Measurement<long>> DeadLetters() => core.Statistics.Of(StatisticKind.TopicPut)
        .Where(static counter => counter.Key.Topic.StartsWith(TopicName.DeadLetterPrefix, StringComparison.Ordinal))
        .Select(counter =>
        {
            string group = counter.Key.Topic[TopicName.DeadLetterPrefix.Length..];
            return new Measurement<long>(counter.Statistic.Messages, [.. _node, new("consumer_group", group), new("is_system", IsSystemGroup(group))]);
        });

    private IEnumerable<Measurement<long>> Places(Func<GroupPlace, long> value) => _places.Read()
        .Select(place => new Measurement<long>(value(place), OfGroup(new StatisticKey(StatisticKind.GroupGet, place.Topic, place.Group))));

    private IEnumerable<Measurement<long>> Producers() => core.Tables.Producers.Members(null)
        .GroupBy(static member => (member.Language, member.Version))
        .Select(same => new Measurement<long>(same.Count(), [.. _node, .. Client(same.Key.Language, same.Key.Version)]));

    private IEnumerable<Measurement<long>> Consumers() => core.Groups.All()
        .SelectMany(group => core.Groups.Members(group.Name))
        .GroupBy(static member => (member.Group, member.Language, member.Version, member.ConsumeType))
        .Select(same => new Measurement<long>(
            same.Count(),
            [
                .. _node, new("consumer_group", same.Key.Group), .. Client(same.Key.Language, same.Key.Version),
                new("consume_mode", same.Key.ConsumeType == "CONSUME_ACTIVELY" ? "pull" : "push"), new("is_system", IsSystemGroup(same.Key.Group)),
            ]));

    private static KeyValuePair<string, object?>[] Client(string language, int version) =>
        [new("language", language.ToLowerInvariant()), new("version", version), new("protocol_type", "remoting")];

    private KeyValuePair<string, object?>[] OfTopic(StatisticKey key) => [.. _node, new("topic", key.Topic), new("is_system", IsSystem(key.Topic))];

    private KeyValuePair<string, object?>[] OfGroup(StatisticKey key) =>
    [
        .. _node,
        new("topic", key.Topic),
        new("consumer_group", key.Group),
        new("is_retry", Text(key.Topic.StartsWith(TopicName.RetryPrefix, StringComparison.Ordinal))),
        new("is_system", Text(IsSystem(key.Topic) == "true" || IsSystemGroup(key.Group) == "true")),
    ];

    private Measurement<long> Node(long value) => new(value, _node);

    private string IsSystem(string topic) => Text(core.Topics.Find(topic)?.IsSystem ?? TopicName.IsSystem(topic));

    private static string IsSystemGroup(string group) => Text(group.StartsWith("CID_RMQ_SYS_", StringComparison.Ordinal));

    private static string Text(bool value) => value ? "true" : "false";

    private IEnumerable<Measurement<long>> LeftOut() => _leftOut
        .Where(static metric => metric.Value > 0)
        .Select(static metric => new Measurement<long>(metric.Value, new KeyValuePair<string, object?>("metric", metric.Key)));

    private IEnumerable<Measurement<long>> Bounded(string name, IEnumerable<Measurement<long>> all)
    {
        int taken = 0;
        long left = 0;
        foreach (Measurement<long> one in all)
        {
            if (taken++ < core.Options.MaxMetricSeries)
            {
                yield return one;
            }
            else
            {
                left++;
            }
        }

        _leftOut[name] = left;
    }

    private void Gauge(string name, string description, Func<IEnumerable<Measurement<long>>> values) =>
        meter.CreateObservableGauge(name, () => Bounded(name, values()), description: description);

    private void Total(string name, string description, Func<IEnumerable<Measurement<long>>> values) =>
        meter.CreateObservableCounter(name, () => Bounded(name, values()), description: description);
}
