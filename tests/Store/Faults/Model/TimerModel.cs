using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>
/// The timers of a history. One that is there comes once and never before its time, whatever happened; one whose recall
/// was acknowledged in time does not come. What was deleted from the log by force, or damaged, may do either.
/// </summary>
internal sealed class TimerModel
{
    /// <summary>Where timers wait, and where those of a history go to.</summary>
    public const string Waiting = "rmq_sys_wheel_timer";

    public const string Target = "later";

    /// <summary>The body of all recalls.</summary>
    public const string Recall = "0";

    private readonly Dictionary<string, Timer> _timers = [];

    /// <summary>The latest time of a timer.</summary>
    public long LastAt => _timers.Count == 0 ? 0 : _timers.Values.Max(timer => timer.At);

    public bool IsEmpty => _timers.Count == 0;

    public static bool IsQueue(string topic) => topic is Waiting or Target;

    /// <summary>Delivery appended the record, or put it away again until a later time.</summary>
    public static bool HasMade(in MessageRecord record) => record.PreparedTransactionOffset > 0 && IsQueue(record.TopicString);

    public void Add(string body, long at, long physicalOffset) => _timers.Add(body, new Timer(body, at, physicalOffset));

    /// <summary>One that can be recalled now; null without.</summary>
    public Timer? Recallable(int which, long now)
    {
        var open = _timers.Values.Where(timer => timer.At / 1000 * 1000 > now + 1000 && timer.RecallOffset < 0).ToList();
        return open.Count == 0 ? null : open[which % open.Count];
    }

    /// <summary>Looks at what delivery appended.</summary>
    public void CheckMade(in MessageRecord record, string body, IEnumerable<Appended> before)
    {
        var settles = record.PreparedTransactionOffset - 1;
        Assert.Contains(before, message => message.PhysicalOffset == settles && message.Topic == Waiting && message.Body == body);
        if (body == Recall)
        {
            Assert.Equal(Waiting, record.TopicString);
            return;
        }

        Assert.True(_timers.TryGetValue(body, out var timer), $"{body} was never put away");
        if (record.TopicString == Target)
            Assert.True(timer.At <= record.StoreTimestamp, $"{body} came {timer.At - record.StoreTimestamp} ms early");
    }

    /// <summary>Forgets what a crash took and compares.</summary>
    public void Check(StoreModel model)
    {
        var there = model.All.Where(message => message.Topic == Waiting).Select(message => message.PhysicalOffset).ToHashSet();
        foreach (var (body, timer) in _timers.ToList())
        {
            if (!there.Contains(timer.PhysicalOffset))
                _timers.Remove(body);
            else if (timer.RecallOffset >= 0 && !there.Contains(timer.RecallOffset))
            {
                Assert.False(timer.IsRecalled, $"the recall of {body} was acknowledged and is gone");
                timer.RecallOffset = -1;
            }
        }

        foreach (var came in model.All.Where(message => message.Topic == Target).GroupBy(message => message.Body))
        {
            if (IsCertain(_timers[came.Key], model))
                Assert.True(came.Count() <= (_timers[came.Key].IsRecalled ? 0 : 1), $"{came.Key} came {came.Count()} times; recalled: {_timers[came.Key].IsRecalled}");
        }
    }

    /// <summary>All their times have passed.</summary>
    public void CheckAllCame(StoreModel model)
    {
        var came = model.All.Where(message => message.Topic == Target).Select(message => message.Body).ToHashSet();
        Assert.All(
            _timers.Values.Where(timer => timer.RecallOffset < 0 && IsCertain(timer, model)),
            timer => Assert.True(came.Contains(timer.Body), $"{timer.Body} for {timer.At}, at {timer.PhysicalOffset}, did not come"));
    }

    private static bool IsCertain(Timer timer, StoreModel model) =>
        model.All.Where(message => message.Body == timer.Body || (timer.RecallOffset >= 0 && message.Body == Recall)).All(message => message.PhysicalOffset >= model.DeletedTo && !model.IsDamaged(message.PhysicalOffset));

    /// <summary>A message that waits.</summary>
    internal sealed class Timer(string body, long at, long physicalOffset)
    {
        public string Body { get; } = body;

        public long At { get; } = at;

        public long PhysicalOffset { get; } = physicalOffset;

        /// <summary>Where its recall is in the log; -1 without.</summary>
        public long RecallOffset { get; set; } = -1;

        /// <summary>The recall was acknowledged in time.</summary>
        public bool IsRecalled { get; set; }
    }
}
