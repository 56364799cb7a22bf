using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Sys;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>What the front counts, under a meter of its own.</summary>
public sealed class MqttMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ProtoBridgeMQ.Mqtt";

    private static readonly string[] Kinds = [.. Enumerable.Range(0, 16).Select(kind => ((PacketType)kind).ToString().ToLowerInvariant())];

    private static readonly string[] SharedOutcomes = [.. Enum.GetValues<SharedOutcome>().Select(outcome => outcome.ToString().ToLowerInvariant())];

    private readonly Counter<long> _packetsIn;
    private readonly Counter<long> _packetsOut;
    private readonly Counter<long> _bytesIn;
    private readonly Counter<long> _bytesOut;
    private readonly Counter<long> _publishes;
    private readonly Counter<long> _deliveries;
    private readonly Counter<long> _drops;
    private readonly Counter<long> _refusedConnects;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _limited;
    private readonly Counter<long> _sharedSettled;
    private readonly Counter<long> _wills;

    /// <summary>Makes the instruments.</summary>
    public MqttMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterName);
        _packetsIn = Meter.CreateCounter<long>("mqtt.packets.in", "{packet}", "Control packets received, by kind");
        _packetsOut = Meter.CreateCounter<long>("mqtt.packets.out", "{packet}", "Control packets sent, by kind");
        _bytesIn = Meter.CreateCounter<long>("mqtt.bytes.in", "By", "Bytes of control packets received");
        _bytesOut = Meter.CreateCounter<long>("mqtt.bytes.out", "By", "Bytes of control packets sent");
        _publishes = Meter.CreateCounter<long>("mqtt.publishes", "{message}", "Messages that the log took or refused, by result");
        _deliveries = Meter.CreateCounter<long>("mqtt.deliveries", "{message}", "Messages written to clients");
        _drops = Meter.CreateCounter<long>("mqtt.drops", "{message}", "Messages not delivered, by reason");
        _refusedConnects = Meter.CreateCounter<long>("mqtt.connects.refused", "{connection}", "Connections refused, by reason");
        _closed = Meter.CreateCounter<long>("mqtt.connections.closed", "{connection}", "Connections that the server closed, by reason");
        _limited = Meter.CreateCounter<long>("mqtt.limited", "{packet}", "Packets refused or held back by a limit of their client, by limit");
        _sharedSettled = Meter.CreateCounter<long>("mqtt.shared.settled", "{message}", "Messages of shared subscriptions that clients are done with, by outcome");
        _wills = Meter.CreateCounter<long>("mqtt.wills", "{message}", "Wills, by what became of them");
    }

    /// <summary>The same as totals, for <c>$SYS</c>.</summary>
    public TrafficTotals Totals { get; } = new();

    /// <summary>Where others of the front hang their gauges.</summary>
    public Meter Meter { get; }

    public void PacketIn(PacketType type)
    {
        Totals.AddIn(type);
        _packetsIn.Add(1, new KeyValuePair<string, object?>("kind", Kinds[(int)type]));
    }

    public void PacketOut(PacketType type, int count = 1)
    {
        Totals.AddOut(type, count);
        _packetsOut.Add(count, new KeyValuePair<string, object?>("kind", Kinds[(int)type]));
    }

    public void BytesIn(long count)
    {
        Totals.AddBytesIn(count);
        _bytesIn.Add(count);
    }

    public void BytesOut(long count)
    {
        Totals.AddBytesOut(count);
        _bytesOut.Add(count);
    }

    /// <summary>Messages, for lists of protocols.</summary>
    public MessageTraffic Traffic { get; } = new();

    public void Published(bool stored, TimeSpan time)
    {
        _publishes.Add(1, new KeyValuePair<string, object?>("result", stored ? "stored" : "refused"));
        if (!stored)
            return;
        Traffic.AddIn();
        Traffic.Latency.Add(time);
    }


    public void Delivered(int count)
    {
        Traffic.AddOut(count);
        _deliveries.Add(count);
    }

    public void Dropped(string reason, int count = 1)
    {
        Totals.AddDropped(count);
        _drops.Add(count, new KeyValuePair<string, object?>("reason", reason));
    }

    public void RefusedConnect(string reason) => _refusedConnects.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Limited(string limit) => _limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void SharedSettled(SharedOutcome outcome) => _sharedSettled.Add(1, new KeyValuePair<string, object?>("outcome", SharedOutcomes[(int)outcome]));
    public void Will(string result) => _wills.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Closed(ReasonCode reason) => _closed.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
}
