using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Makes the overview: at most once a second, whoever asks; all who ask meanwhile are given the same bytes.</summary>
internal sealed class OverviewSource : IDisposable
{
    /// <summary>How old it may be.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IMessageBridge _bridge;
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<IProtocolClients> _protocols;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly TrafficWindow _traffic;
    private readonly LagWatch _lag;
    private readonly AlarmWatch _alarms;
    private readonly DateTimeOffset _startedAt;
    private byte[]? _present;
    private long _madeAt;

    public OverviewSource(IMessageBridge bridge, IEnumerable<IProtocolClients> fronts, IOptions<HttpOptions> options, AlarmWatch alarms, TimeProvider clock)
    {
        _bridge = bridge;
        _clock = clock;
        _protocols = [.. fronts, .. bridge.Administration is { } brokers ? [brokers.NativeClients] : Array.Empty<IProtocolClients>()];
        _traffic = new TrafficWindow(_protocols, clock);
        _lag = new LagWatch(options, clock);
        _alarms = alarms;
        _startedAt = clock.GetUtcNow();
    }

    private static string Version { get; }
        = typeof(OverviewSource).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The overview as JSON in UTF-8.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> GetAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            long now = _clock.GetTimestamp();
            if (_present is null || _clock.GetElapsedTime(_madeAt, now) >= Interval)
            {
                Overview overview = await MakeAsync(cancellationToken);
                _present = JsonSerializer.SerializeToUtf8Bytes(overview, ManagementJson.Strict.Overview);
                _madeAt = now;
            }

            return _present;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async ValueTask<Overview> MakeAsync(CancellationToken cancellationToken)
    {
        IAdministration? administration = _bridge.Administration;
        IReadOnlyList<BrokerState> brokers = await BrokersAsync(administration, cancellationToken);
        await _lag.UpdateAsync(administration, cancellationToken);
        _traffic.Update();
        BridgeStatus status = _bridge.Status;
        DateTimeOffset now = _clock.GetUtcNow();
        IReadOnlyList<Alarm> alarms = Alarms.Of(status, brokers, _lag);
        _alarms.See(alarms);
        return new Overview(
            now,
            Version,
            _startedAt,
            Math.Round((now - _startedAt).TotalSeconds, 3),
            _bridge.Capabilities.Cluster,
            _bridge.Capabilities.Durability,
            status.CanPublish,
            status.CanReceive,
            status.Reason,
            Rates(),
            Latency(),
            _lag.Lag,
            DiskOf(brokers),
            _protocols.ToDictionary(protocol => protocol.Protocol, protocol => protocol.Connections),
            new OverviewRetained(_bridge.Retained.Count, _bridge.Retained.Bytes),
            [.. brokers.Select(ShapeOf)],
            alarms);
    }

    private static async ValueTask<IReadOnlyList<BrokerState>> BrokersAsync(IAdministration? administration, CancellationToken cancellationToken)
    {
        try
        {
            return administration is null ? [] : await administration.GetBrokersAsync(cancellationToken);
        }
        catch (BridgeException)
        {
            // The status of the bridge says it.
            return [];
        }
    }

    private OverviewRates Rates()
    {
        var protocols = new List<ProtocolRates>();
        for (int i = 0; i < _protocols.Count; i++)
        {
            (double rateIn, double rateOut, long messagesIn, long messagesOut) = _traffic.RatesOf(i);
            protocols.Add(new ProtocolRates(_protocols[i].Protocol, Math.Round(rateIn, 2), Math.Round(rateOut, 2), messagesIn, messagesOut));
        }

        return new OverviewRates(Math.Round(protocols.Sum(one => one.In), 2), Math.Round(protocols.Sum(one => one.Out), 2), protocols);
    }

    private OverviewLatency Latency()
    {
        (long[] counts, TimeSpan time) = _traffic.Latency();
        return new OverviewLatency(
            LatencyCounts.Quantile(counts, 0.5)?.TotalMilliseconds, LatencyCounts.Quantile(counts, 0.99)?.TotalMilliseconds, counts.Sum(), Math.Round(time.TotalSeconds, 3));
    }

    private static OverviewDisk? DiskOf(IReadOnlyList<BrokerState> brokers)
        => brokers.Where(broker => broker.Disk is not null).MaxBy(broker => broker.Disk!.UsedShare) is { Disk: { } disk } fullest
            ? new OverviewDisk(
                fullest.Name, disk.Path, disk.TotalBytes, disk.FreeBytes, Math.Round(disk.UsedShare, 4), disk.RefuseWatermark, disk.CleanWatermark, fullest.StoreBytes)
            : null;

    private static OverviewBroker ShapeOf(BrokerState broker) => new(
        broker.Name, broker.Cluster, broker.Address, broker.Version, broker.CanWrite, broker.CanRead, broker.Reason, broker.StartedAt, broker.StoreBytes, broker.NameServers, broker.NameServersReached);
}
