using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>
/// Which RocketMQ topics the filter of a shared subscription can match: groups consume named topics. A filter that
/// begins with a wildcard stands for the topics that exist, looked up again now and then.
/// </summary>
public sealed class SharedTopics : IHostedService, IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<SharedSubscription> _all = [];
    private readonly SemaphoreSlim _following = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly IMessageBridge _bridge;
    private readonly TopicNameCache _names = new(capacity: 256);
    private readonly TimeProvider _clock;
    private readonly MqttOptions _options;
    private readonly ILogger<SharedTopics> _logger;
    private ITimer? _timer;

    public SharedTopics(IMessageBridge bridge, IOptions<MqttOptions> options, MqttMetrics metrics, TimeProvider clock, ILogger<SharedTopics> logger)
    {
        _bridge = bridge;
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
    public NameFilter NamesOf(SharedFilter filter) => new(filter.Filter, _ => false);

    /// <summary>The topics that a filter can match now.</summary>
    /// <exception cref="BridgeException">No topic can have that first level, or the brokers do not answer.</exception>
    public async ValueTask<TopicSelection> FindAsync(SharedFilter filter, CancellationToken cancellationToken)
    {
        if (FilterSelection.TopicOf(filter.Filter, _names) is { } topic)
            return TopicSelection.Of(topic);
        IReadOnlyList<TopicInfo> all = await _bridge.Topics.ListAsync(cancellationToken).ConfigureAwait(false);
        return TopicSelection.Of(all.Select(info => info.Name).Where(IsUnderWildcards));
    }

    /// <summary>A subscription came into force.</summary>
    public void Add(SharedSubscription subscription)
    {
        lock (_gate)
        {
            _all.Add(subscription);
            if (subscription.Filter.FollowsTopics && !_stop.IsCancellationRequested)
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
        _stop.Dispose();
        _following.Dispose();
    }

    /// <summary>Looks which topics there are, for the subscriptions that follow them.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Nobody awaits it: what fails is logged and tried again by the timer.")]
    public async Task FollowAsync()
    {
        SharedSubscription[] followers;
        lock (_gate)
            followers = [.. _all.Where(subscription => subscription.Filter.FollowsTopics)];
        if (followers.Length == 0 || !await _following.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
            return;
        try
        {
            foreach (SharedSubscription follower in followers)
                await follower.FollowAsync(await FindAsync(follower.Filter, _stop.Token).ConfigureAwait(false), _stop.Token).ConfigureAwait(false);
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

    /// <summary>Wildcards do not match a first level that begins with $, as that of names without a plain one does.</summary>
    private static bool IsUnderWildcards(string topic)
    {
        Span<byte> name = stackalloc byte[TopicMapping.MaxNameLength(TopicNames.MaxLength, 0)];
        return topic.Length <= TopicNames.MaxLength
            && TopicMapping.WriteName(Encoding.UTF8.GetBytes(topic), default, name) is >= 0 and var length
            && (length == 0 || name[0] != '$');
    }
}
