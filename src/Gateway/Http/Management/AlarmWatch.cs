using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Tells the log and the metrics which alarms began and which are over.</summary>
/// <remarks>Not thread safe: whoever makes the overview calls it.</remarks>
internal sealed class AlarmWatch(HttpMetrics metrics, ILogger<AlarmWatch> log)
{
    private readonly Dictionary<string, int> _present = new(StringComparer.Ordinal);

    /// <summary>These are the alarms now.</summary>
    public void See(IReadOnlyList<Alarm> alarms)
    {
        foreach (IGrouping<string, Alarm> named in alarms.GroupBy(static alarm => alarm.Id, StringComparer.Ordinal))
        {
            int before = _present.GetValueOrDefault(named.Key);
            if (before == 0)
            {
                Alarm first = named.First();
                HttpLog.AlarmBegan(log, first.Id, first.Severity, first.Text);
            }

            Count(named.Key, before, named.Count());
        }

        foreach ((string name, int before) in _present.ToArray())
        {
            if (before > 0 && alarms.All(alarm => alarm.Id != name))
            {
                HttpLog.AlarmOver(log, name);
                Count(name, before, 0);
            }
        }
    }

    private void Count(string name, int before, int now)
    {
        _present[name] = now;
        if (now != before)
        {
            metrics.Alarms.Add(now - before, new KeyValuePair<string, object?>("name", name));
        }
    }
}
