using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>
/// The counters that RocketMQ's tools ask for, by topic and group. As many as an option says; one that counted nothing for a
/// day goes. What finds no room is not counted, and a metric tells.
/// </summary>
/// <remarks>Thread safe. Counting what is known allocates nothing.</remarks>
public sealed class BrokerStatistics : IDisposable
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<StatisticKey, Statistic> _statistics = new();
    private readonly BrokerOptions _options;
    private readonly BrokerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Statistic _put;
    private readonly Statistic _get;
    private int _day;

    /// <summary>Begins to count.</summary>
    public BrokerStatistics(BrokerOptions options, BrokerMetrics metrics, TimeProvider time)
    {
        _options = options;
        _metrics = metrics;
        _time = time;
        _put = Own(StatisticKind.BrokerPut);
        _get = Own(StatisticKind.BrokerGet);
        _day = Today();
        metrics.Observe("broker.statistics", "Counters by topic and group", () => _statistics.Count);
        _timer = time.CreateTimer(static self => ((BrokerStatistics)self!).Sample(), this, SampleInterval, SampleInterval);
    }

    /// <summary>Messages appended in all.</summary>
    public Statistic Put => _put;

    /// <summary>Messages given to groups in all.</summary>
    public Statistic Get => _get;

    /// <summary>Messages appended and given until the last two midnights.</summary>
    public DayTotals Totals { get; private set; }

    /// <summary>The time as counters have it.</summary>
    public long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Counts messages appended.</summary>
    public void TopicPut(string topic, int messages, long bytes)
    {
        _put.Add(messages, bytes);
        Add(new StatisticKey(StatisticKind.TopicPut, topic, string.Empty), messages, bytes);
    }

    /// <summary>Counts messages given to a group.</summary>
    public void GroupGet(string topic, string group, int messages, long bytes)
    {
        _get.Add(messages, bytes);
        Add(new StatisticKey(StatisticKind.GroupGet, topic, group), messages, bytes);
    }

    /// <summary>Counts messages that a group sent back, or acknowledged after a pop.</summary>
    public void Count(StatisticKind kind, string topic, string group, int messages) => Add(new StatisticKey(kind, topic, group), messages, 0);

    /// <summary>A counter; null when nothing was counted for it.</summary>
    public Statistic? Find(in StatisticKey key) => _statistics.GetValueOrDefault(key);

    /// <summary>All counters of a kind that there are.</summary>
    public IEnumerable<(StatisticKey Key, Statistic Statistic)> Of(StatisticKind kind) =>
        _statistics.Where(counter => counter.Key.Kind == kind).Select(counter => (counter.Key, counter.Value));

    /// <summary>Messages a second appended to a topic, over the last minute.</summary>
    public double PutTps(string topic) => Find(new StatisticKey(StatisticKind.TopicPut, topic, string.Empty))?.OfMinute(Now, isSize: false).Tps ?? 0;

    /// <summary>Messages a second given to a group, over the last minute.</summary>
    public double GetTps(string topic, string group) => Find(new StatisticKey(StatisticKind.GroupGet, topic, group))?.OfMinute(Now, isSize: false).Tps ?? 0;

    /// <summary>Forgets what was counted of a topic.</summary>
    public void ForgetTopic(string topic) => Forget(key => key.Topic == topic && key.Kind < StatisticKind.BrokerPut);

    /// <summary>Forgets what was counted of a group.</summary>
    public void ForgetGroup(string group) => Forget(key => key.Group == group && group.Length > 0);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Add(in StatisticKey key, int messages, long bytes)
    {
        if (!_statistics.TryGetValue(key, out Statistic? statistic))
        {
            if (_statistics.Count >= _options.MaxStatistics)
            {
                _metrics.StatisticDropped();
                return;
            }

            statistic = _statistics.GetOrAdd(key, static (_, now) => new Statistic(now), Now);
        }

        statistic.Add(messages, bytes);
    }

    private Statistic Own(StatisticKind kind) =>
        _statistics.GetOrAdd(new StatisticKey(kind, _options.Cluster, string.Empty), static (_, now) => new Statistic(now), Now);

    private void Forget(Func<StatisticKey, bool> condition)
    {
        foreach (StatisticKey key in _statistics.Keys)
        {
            if (condition(key))
            {
                _statistics.TryRemove(key, out _);
            }
        }
    }

    private void Sample()
    {
        long now = Now;
        foreach ((StatisticKey key, Statistic statistic) in _statistics)
        {
            if (!statistic.Take(now) && key.Kind < StatisticKind.BrokerPut)
            {
                _statistics.TryRemove(key, out _);
            }
        }

        int today = Today();
        if (today != _day)
        {
            _day = today;
            Totals = new DayTotals(Totals.PutThisMorning, _put.Messages, Totals.GetThisMorning, _get.Messages);
        }
    }

    private int Today() => _time.GetLocalNow().DayOfYear;
}

/// <summary>Totals since the start of the broker, as they stood at the last two midnights.</summary>
/// <param name="PutYesterdayMorning">Messages appended, at the midnight before the last.</param>
/// <param name="PutThisMorning">Messages appended, at the last midnight.</param>
/// <param name="GetYesterdayMorning">Messages given, at the midnight before the last.</param>
/// <param name="GetThisMorning">Messages given, at the last midnight.</param>
public readonly record struct DayTotals(long PutYesterdayMorning, long PutThisMorning, long GetYesterdayMorning, long GetThisMorning);
