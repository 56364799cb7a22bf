using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>Where groups are in their topics, read once for all metrics of one collection.</summary>
internal sealed class GroupPlaces(BrokerCore core)
{
    /// <summary>Metrics of one collection are asked for one after the other within this time.</summary>
    private const long OneCollection = 100;

    private readonly Lock _lock = new();
    private IReadOnlyList<GroupPlace> _places = [];
    private long _readAt = long.MinValue;

    /// <summary>As of a moment ago at the most.</summary>
    public IReadOnlyList<GroupPlace> Read()
    {
        lock (_lock)
        {
            long now = core.Statistics.Now;
            if (_readAt == long.MinValue || now < _readAt || now - _readAt >= OneCollection)
            {
                _places = [.. Pairs().Take(core.Options.MaxMetricSeries + 1).Select(pair => Place(pair.Group, pair.Topic, now))];
                _readAt = core.Statistics.Now;
            }

            return _places;
        }
    }

    private IEnumerable<(string Group, BrokerTopic Topic)> Pairs() => core.Tables.Offsets
        .Pairs(static (_, _) => true)
        .Select(pair => (pair.Group, Topic: core.Topics.Find(pair.Topic)))
        .Where(static pair => pair.Topic is not null)
        .Select(static pair => (pair.Group, pair.Topic!));

    private GroupPlace Place(string group, BrokerTopic topic, long now)
    {
        var place = new GroupPlace(group, topic.Name, now);
        for (int queueId = 0; queueId < topic.ReadQueues; queueId++)
        {
            long saved = core.Offsets.Query(group, topic.Name, queueId);
            if (saved < 0)
            {
                continue;
            }

            long end = core.Offsets.Max(topic.Name, queueId);
            long progress = Math.Clamp(saved, core.Offsets.Min(topic.Name, queueId), end);
            long pulled = Math.Clamp(core.Tables.Offsets.Pulled(group, topic.Name, queueId), progress, end);
            place.Add(
                end - progress,
                pulled - progress,
                progress < end ? core.StoreTimeAt(topic.Name, queueId, progress) : 0,
                pulled < end ? core.StoreTimeAt(topic.Name, queueId, pulled) : 0);
        }

        return place;
    }
}

/// <summary>Where a group is in a topic, all queues together.</summary>
internal sealed class GroupPlace(string group, string topic, long now)
{
    public string Group => group;

    public string Topic => topic;

    /// <summary>Messages that it has not finished.</summary>
    public long Lag { get; private set; }

    /// <summary>Of these, messages that members pulled.</summary>
    public long Inflight { get; private set; }

    /// <summary>Messages that nobody pulled.</summary>
    public long Ready => Lag - Inflight;

    /// <summary>When the oldest unfinished message was stored; 0 without one.</summary>
    public long Oldest { get; private set; }

    /// <summary>When the oldest message that nobody pulled was stored; 0 without one.</summary>
    public long OldestReady { get; private set; }

    public void Add(long lag, long inflight, long oldest, long oldestReady)
    {
        Lag += lag;
        Inflight += inflight;
        Oldest = Older(Oldest, oldest);
        OldestReady = Older(OldestReady, oldestReady);
    }

    /// <summary>Milliseconds since then; 0 for none.</summary>
    public long Age(long time) => time > 0 ? Math.Max(0, now - time) : 0;

    private static long Older(long one, long other) => one <= 0 ? Math.Max(0, other) : other <= 0 ? one : Math.Min(one, other);
}
