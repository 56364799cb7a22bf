using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>
/// The groups that a gateway consumes in. All streams of one group share one member; a group that no stream reads
/// for <see cref="GroupOptions.IdleTimeout"/> is left.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class GroupConsumers : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, GroupConsumer> _consumers = new(StringComparer.Ordinal);
    private readonly Func<string, IGroupSource> _openSource;
    private readonly GroupOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private bool _disposed;

    /// <summary>Makes the table.</summary>
    /// <param name="openSource">Makes a member of a group; it joins with its first subscription.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="clock">Leases, idle times and pauses go by it.</param>
    /// <param name="log">Where troubles are told.</param>
    public GroupConsumers(Func<string, IGroupSource> openSource, GroupOptions options, TimeProvider clock, ILogger log)
    {
        _openSource = openSource;
        _options = options;
        _clock = clock;
        _log = log;
    }

    /// <summary>Groups that this gateway is a member of now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _consumers.Count;
            }
        }
    }

    /// <summary>Opens a stream of a group; complete when the subscription is in force.</summary>
    /// <exception cref="BridgeException">As <see cref="IMessageBridge.SubscribeAsync"/>.</exception>
    public async ValueTask<IMessageStream> OpenAsync(SubscribeRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.ThrowIfInvalid();
        while (true)
        {
            GroupConsumer consumer = FindOrAdd(request.Group!);
            if (await consumer.TryOpenAsync(request, cancellationToken).ConfigureAwait(false) is { } stream)
            {
                return stream;
            }

            // It is leaving at this moment; a new member joins once it is gone.
            await consumer.Closed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Begins again, now and not a moment later, where an operator set the progress of a group.</summary>
    public ValueTask FollowResetsAsync(string group, CancellationToken cancellationToken)
    {
        GroupConsumer? consumer;
        lock (_gate)
        {
            _consumers.TryGetValue(group, out consumer);
        }

        return consumer is null ? ValueTask.CompletedTask : consumer.FollowResetsAsync(cancellationToken);
    }

    /// <summary>Closes all streams and leaves all groups, progress saved.</summary>
    public async ValueTask DisposeAsync()
    {
        GroupConsumer[] consumers;
        lock (_gate)
        {
            _disposed = true;
            consumers = [.. _consumers.Values];
        }

        foreach (GroupConsumer consumer in consumers)
        {
            await consumer.CloseAllAsync().ConfigureAwait(false);
        }
    }

    private GroupConsumer FindOrAdd(string group)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_consumers.TryGetValue(group, out GroupConsumer? consumer))
            {
                return consumer;
            }

            if (_consumers.Count >= _options.MaxGroups)
            {
                throw new BridgeException(BridgeError.Busy, $"This gateway is a member of as many groups as it may be ({_options.MaxGroups}).", retryAfter: _options.IdleTimeout);
            }

            consumer = new GroupConsumer(group, _openSource(group), _options, _clock, _log, Remove);
            _consumers.Add(group, consumer);
            return consumer;
        }
    }

    private void Remove(GroupConsumer consumer)
    {
        lock (_gate)
        {
            _consumers.Remove(consumer.Group);
        }
    }
}
