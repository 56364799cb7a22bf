using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sys;

/// <summary>What is published under <c>$SYS</c>: the names that mosquitto has, and the few of EMQX that its tools look for.</summary>
/// <remarks>Not thread safe.</remarks>
public sealed class SysValues
{
    private const string Node = "protobridge@127.0.0.1";

    private readonly MqttShared _shared;
    private readonly long _start;
    private readonly (string Name, Func<TrafficTotals, long> Total, LoadAverage Load)[] _loads;
    private long _last;
    private int _mostClients;

    public SysValues(MqttShared shared)
    {
        _shared = shared;
        _start = _last = shared.Clock.GetTimestamp();
        _loads =
        [
            ("messages/received", t => t.PacketsIn, new LoadAverage()),
            ("messages/sent", t => t.PacketsOut, new LoadAverage()),
            ("publish/received", t => t.PublishesIn, new LoadAverage()),
            ("publish/sent", t => t.PublishesOut, new LoadAverage()),
            ("publish/dropped", t => t.Dropped, new LoadAverage()),
            ("bytes/received", t => t.BytesIn, new LoadAverage()),
            ("bytes/sent", t => t.BytesOut, new LoadAverage()),
            ("connections", t => t.Connects, new LoadAverage()),
        ];
    }

    private static string Version { get; } =
        typeof(SysValues).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>All names with their present values.</summary>
    public IEnumerable<(string Name, string Value)> Read()
    {
        TrafficTotals totals = _shared.Metrics.Totals;
        long now = _shared.Clock.GetTimestamp();
        TimeSpan elapsed = _shared.Clock.GetElapsedTime(_last, now);
        _last = now;
        string uptime = Text((long)_shared.Clock.GetElapsedTime(_start, now).TotalSeconds);
        int connected = _shared.Connections.Clients;
        _mostClients = Math.Max(_mostClients, connected);

        yield return ("$SYS/broker/version", $"ProtoBridgeMQ version {Version}");
        yield return ("$SYS/broker/uptime", uptime + " seconds");
        yield return ("$SYS/broker/clients/connected", Text(connected));
        yield return ("$SYS/broker/clients/active", Text(connected));
        yield return ("$SYS/broker/clients/maximum", Text(_mostClients));
        yield return ("$SYS/broker/clients/total", Text(connected));
        yield return ("$SYS/broker/messages/received", Text(totals.PacketsIn));
        yield return ("$SYS/broker/messages/sent", Text(totals.PacketsOut));
        yield return ("$SYS/broker/publish/messages/received", Text(totals.PublishesIn));
        yield return ("$SYS/broker/publish/messages/sent", Text(totals.PublishesOut));
        yield return ("$SYS/broker/publish/messages/dropped", Text(totals.Dropped));
        yield return ("$SYS/broker/bytes/received", Text(totals.BytesIn));
        yield return ("$SYS/broker/bytes/sent", Text(totals.BytesOut));
        yield return ("$SYS/broker/subscriptions/count", Text(_shared.Router.Subscriptions));
        yield return ("$SYS/broker/retained messages/count", Text(_shared.Bridge.Retained.Count));
        yield return ("$SYS/broker/store/retained/bytes", Text(_shared.Bridge.Retained.Bytes));
        yield return ("$SYS/broker/store/durability", _shared.Bridge.Capabilities.Durability);
        yield return ("$SYS/broker/store/writable", _shared.Bridge.Status.CanPublish ? "1" : "0");
        yield return ("$SYS/broker/store/readable", _shared.Bridge.Status.CanReceive ? "1" : "0");
        yield return ("$SYS/broker/heap/current", Text(GC.GetTotalMemory(forceFullCollection: false)));
        foreach ((string name, Func<TrafficTotals, long> total, LoadAverage load) in _loads)
        {
            load.Update(total(totals), elapsed);
            yield return ($"$SYS/broker/load/{name}/1min", Text(load.Averages[0]));
            yield return ($"$SYS/broker/load/{name}/5min", Text(load.Averages[1]));
            yield return ($"$SYS/broker/load/{name}/15min", Text(load.Averages[2]));
        }

        yield return ("$SYS/brokers", Node);
        yield return ($"$SYS/brokers/{Node}/version", Version);
        yield return ($"$SYS/brokers/{Node}/uptime", uptime);
        yield return ($"$SYS/brokers/{Node}/sysdescr", "ProtoBridgeMQ on " + RuntimeInformation.OSDescription);
        yield return ($"$SYS/brokers/{Node}/stats/connections/count", Text(connected));
        yield return ($"$SYS/brokers/{Node}/stats/subscriptions/count", Text(_shared.Router.Subscriptions));
        yield return ($"$SYS/brokers/{Node}/stats/retained/count", Text(_shared.Bridge.Retained.Count));
        yield return ($"$SYS/brokers/{Node}/metrics/bytes/received", Text(totals.BytesIn));
        yield return ($"$SYS/brokers/{Node}/metrics/bytes/sent", Text(totals.BytesOut));
        yield return ($"$SYS/brokers/{Node}/metrics/messages/received", Text(totals.PublishesIn));
        yield return ($"$SYS/brokers/{Node}/metrics/messages/sent", Text(totals.PublishesOut));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(double number) => number.ToString("0.00", CultureInfo.InvariantCulture);
}
