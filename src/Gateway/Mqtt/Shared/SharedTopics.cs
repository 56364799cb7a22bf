using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>
/// Which RocketMQ topics the filter of a shared subscription can match: groups consume named topics. A filter that
/// begins with a wildcard stands for the topics that exist, looked up again now and then.
/// </summary>
public sealed class SharedTopics : IHostedService, IRuleReader, IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<SharedSubscription> _all = [];
    private readonly SemaphoreSlim _following = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly IMessageBridge _bridge;
    private readonly NameMapping _mapping;
    private readonly IDisposable _ruleChanges;
    private readonly TimeProvider _clock;
    private readonly MqttOptions _options;
    private readonly ILogger<SharedTopics> _logger;
    private ITimer? _timer;

    // What rules ever wrote to since the start: their messages keep their names. Null: any topic.
    private volatile IReadOnlySet<string>? _ruleTopics;

    public SharedTopics(IMessageBridge bridge, NameMapping mapping, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, ILogger<SharedTopics> logger)
    {
        _bridge = bridge;
        _mapping = mapping;
        _ruleTopics = mapping.Rules.Topics;
        _ruleChanges = mapping.Follow(this);
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        metrics.Meter.CreateObservableUpDownCounter("mqtt.shared.subscriptions", () => Count, "{subscription}", "Shared subscriptions of connected clients");
    }

    /// <summary>Messages of groups on their way out.</summary>
    public OutgoingMessagePool Messages { get; } = new();

    /// <summary>Subscriptions of connected clients.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _all.Count;
        }
    }

    /// <summary>The filter on names of a shared subscription.</summary>
    public NameFilter NamesOf(SharedFilter filter) => new(filter.Filter, topic => _ruleTopics is not { } topics || topics.Contains(topic));

    /// <summary>The topics that a filter can match now.</summary>
    /// <exception cref="BridgeException">No topic can have that first level, or the brokers do not answer.</exception>
    public ValueTask<TopicSelection> FindAsync(SharedFilter filter, CancellationToken cancellationToken) => FindAsync(filter, null, cancellationToken);

    /// <summary>A subscription came into force.</summary>
    public void Add(SharedSubscription subscription)
    {
        lock (_gate)
        {
            _all.Add(subscription);
            if (_mapping.TopicsOf(subscription.Filter.Filter) is null && !_stop.IsCancellationRequested)
                _timer ??= _clock.CreateTimer(_ => _ = FollowAsync(), null, _options.SharedTopicsInterval, _options.SharedTopicsInterval);
        }
    }

    /// <summary>A subscription ended.</summary>
    public void Remove(SharedSubscription subscription)
    {
        lock (_gate)
            _all.Remove(subscription);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_timer is { } timer)
            await timer.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _ruleChanges.Dispose();
        _stop.Dispose();
        _following.Dispose();
    }

    /// <summary>Topics of rules that come into force are read before names go there, by all subscriptions.</summary>
    public async ValueTask PrepareAsync(RuleSet next, CancellationToken cancellationToken)
    {
        _ruleTopics = _ruleTopics is { } known && next.Topics is { } written ? known.Union(written).ToHashSet(StringComparer.Ordinal) : null;
        SharedSubscription[] all;
        lock (_gate)
            all = [.. _all];
        await _following.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (SharedSubscription subscription in all)
                await PrepareAsync(subscription, next, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _following.Release();
        }
    }

    /// <summary>Looks which topics there are, for the subscriptions that follow them.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Nobody awaits it: what fails is logged and tried again by the timer.")]
    public async Task FollowAsync()
    {
        SharedSubscription[] followers;
        lock (_gate)
            followers = [.. _all.Where(subscription => _mapping.TopicsOf(subscription.Filter.Filter) is null)];
        if (followers.Length == 0 || !await _following.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
            return;
        try
        {
            foreach (SharedSubscription follower in followers)
                await follower.FollowAsync(await FindAsync(follower.Filter, null, _stop.Token).ConfigureAwait(false), newRules: false, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The front stops.
        }
        catch (Exception failure)
        {
            MqttLog.TopicsNotListed(_logger, failure.Message);
        }
        finally
        {
            _following.Release();
        }
    }

    /// <summary>One subscription that cannot follow must not hold up the rules: it is said, and the timer tries again.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever one subscription throws concerns that one.")]
    private async ValueTask PrepareAsync(SharedSubscription subscription, RuleSet next, CancellationToken cancellationToken)
    {
        try
        {
            TopicSelection topics = await FindAsync(subscription.Filter, next, cancellationToken).ConfigureAwait(false);
            await subscription.FollowAsync(topics, newRules: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            MqttLog.TopicsNotListed(_logger, failure.Message);
        }
    }

    /// <summary>The topics by the rules in force and, when there are any, the next ones.</summary>
    private async ValueTask<TopicSelection> FindAsync(SharedFilter filter, RuleSet? next, CancellationToken cancellationToken)
    {
        IReadOnlySet<string>? written = next is null ? new HashSet<string>() : next.TopicsOf(filter.Filter);
        if (written is not null && _mapping.TopicsOf(filter.Filter) is { } topics)
            return TopicSelection.Of(topics.Union(written));
        IReadOnlyList<TopicInfo> all = await _bridge.Topics.ListAsync(cancellationToken).ConfigureAwait(false);
        return TopicSelection.Of(all.Select(info => info.Name).Where(IsUnderWildcards).Union(_ruleTopics ?? new HashSet<string>()));
    }

    /// <summary>Wildcards do not match a first level that begins with $, as that of names without a plain one does.</summary>
    private static bool IsUnderWildcards(string topic)
    {
        Span<byte> name = stackalloc byte[TopicMapping.MaxNameLength(TopicNames.MaxLength, 0)];
        return topic.Length <= TopicNames.MaxLength
            && TopicMapping.WriteName(Encoding.UTF8.GetBytes(topic), default, name) is >= 0 and var length
            && (length == 0 || name[0] != '$');
    }
}
