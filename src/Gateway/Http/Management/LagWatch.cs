using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>
/// Lag of all groups and fresh dead letters, looked at only while somebody asks and no more often than
/// <see cref="HttpOptions.LagInterval"/>: each look goes through all groups.
/// </summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class LagWatch(IOptions<HttpOptions> options, TimeProvider clock)
{
    /// <summary>Lag grows when it is more than so long ago.</summary>
    public static readonly TimeSpan GrowthTime = TimeSpan.FromMinutes(1);

    /// <summary>Dead letters are told for so long.</summary>
    public static readonly TimeSpan DeadLetterTime = TimeSpan.FromHours(1);

    private const int MaxLooks = 256;
    private const int MaxLargest = 10;

    private readonly HttpOptions _options = options.Value;
    private readonly LinkedList<(long At, long Total)> _totals = new();
    private long _lookedAt;

    /// <summary>Lag as of the last look.</summary>
    public OverviewLag Lag { get; private set; } = new(0, 0, false, []);

    /// <summary>Groups that got dead letters lately, with how many there are in all.</summary>
    public IReadOnlyList<(string Group, long Count)> DeadLetters { get; private set; } = [];

    /// <summary>Whether there is much lag and more than a minute ago.</summary>
    public bool Grows
        => Lag.Total > _options.LagAlarm
            && _totals.First is { } first
            && clock.GetElapsedTime(first.Value.At, _totals.Last!.Value.At) >= GrowthTime
            && Lag.Total > first.Value.Total;

    /// <summary>Looks, when the last look is old enough.</summary>
    public async ValueTask UpdateAsync(IAdministration? brokers, CancellationToken cancellationToken)
    {
        long now = clock.GetTimestamp();
        if (brokers is null || (_totals.Count > 0 && clock.GetElapsedTime(_lookedAt, now) < _options.LagInterval))
            return;

        _lookedAt = now;
        try
        {
            await LookAsync(brokers, cancellationToken);
        }
        catch (BridgeException)
        {
            Lag = Lag with { IsPartial = true };
        }

        _totals.AddLast((now, Lag.Total));
        while (_totals.Count > MaxLooks || (_totals.First!.Next is { } second && clock.GetElapsedTime(second.Value.At, now) >= GrowthTime))
            _totals.RemoveFirst();
    }

    private async ValueTask LookAsync(IAdministration brokers, CancellationToken cancellationToken)
    {
        List<GroupLagTotal> lags = [];
        bool isPartial = false;
        foreach (GroupSettings group in await brokers.Groups.ListAsync(cancellationToken))
        {
            if (group.IsSystem)
                continue;

            if (lags.Count == _options.MaxLagGroups)
            {
                isPartial = true;
                break;
            }

            lags.Add(new GroupLagTotal(group.Name, await brokers.Groups.GetLagAsync(group.Name, cancellationToken)));
        }

        Lag = new OverviewLag(
            lags.Sum(group => group.Lag),
            lags.Count,
            isPartial,
            [.. lags.Where(group => group.Lag > 0).OrderByDescending(group => group.Lag).ThenBy(group => group.Group, StringComparer.Ordinal).Take(MaxLargest)]);
        DeadLetters = await FreshDeadLettersAsync(brokers, cancellationToken);
    }

    private async ValueTask<IReadOnlyList<(string Group, long Count)>> FreshDeadLettersAsync(IAdministration brokers, CancellationToken cancellationToken)
    {
        List<(string, long)> fresh = [];
        DateTimeOffset since = clock.GetUtcNow() - DeadLetterTime;
        foreach (TopicState topic in (await brokers.Topics.ListAsync(cancellationToken)).Where(topic => topic.Kind == TopicKind.DeadLetter).Take(_options.MaxLagGroups))
        {
            IReadOnlyList<QueueState> queues = await brokers.Topics.GetQueuesAsync(topic.Name, cancellationToken);
            if (queues.Any(queue => queue.LastStoredAt >= since))
                fresh.Add((topic.Name[TopicNames.DeadLetterPrefix.Length..], queues.Sum(queue => queue.End - queue.First)));
        }

        return fresh;
    }
}
