using System.Collections.Concurrent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The topics of the cluster.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ClusterTopics(ClusterConnection connection, ClusterOptions options, TimeProvider clock) : ITopicDirectory
{
    /// <summary>The fronts' state lies in it; it is shown to nobody.</summary>
    public const string State = "PROTOBRIDGE_STATE";

    /// <summary>Retained messages lie in it; it is shown to nobody.</summary>
    public const string Retained = "PROTOBRIDGE_RETAINED";

    private const int MaxQueues = 1024;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Topics that brokers make for themselves.</summary>
    private static readonly HashSet<string> SystemTopics = new(StringComparer.Ordinal)
    {
        "TBW102", "SCHEDULE_TOPIC_XXXX", "BenchmarkTest", "OFFSET_MOVED_EVENT", "SELF_TEST_TOPIC", "RMQ_SYS_TRANS_HALF_TOPIC",
        "RMQ_SYS_TRANS_OP_HALF_TOPIC", "RMQ_SYS_TRACE_TOPIC", "TRANS_CHECK_MAX_TIME_TOPIC", "rmq_sys_wheel_timer", State, Retained,
    };

    private readonly AdminClient _admin = new(connection);
    private readonly QueueReader _reader = new(connection);
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private volatile HashSet<string> _brokerTopics = [];

    /// <summary>Raised when a topic was made here: tails need not wait for their next look.</summary>
    public event Action? Created;

    /// <summary>Whether the topic is the gateway's own.</summary>
    public static bool IsOwn(string topic) => topic is State or Retained;

    /// <summary>Refuses names that the gateway keeps for itself.</summary>
    public static void ThrowIfReserved(string topic)
    {
        if (IsOwn(topic))
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"Topic {topic} holds the gateway's own state.");
        }
    }

    public async ValueTask<TopicInfo?> FindAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        if (IsOwn(topic) || !TopicNames.IsValid(topic))
        {
            return null;
        }

        TopicRoute? route = await ClusterErrors.TranslateAsync(connection.Routes.RefreshAsync(topic, cancellationToken)).ConfigureAwait(false);
        return route is null ? null : new TopicInfo(topic, route.WriteQueues.Count);
    }

    public async ValueTask<IReadOnlyList<TopicInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        List<TopicInfo> topics = [];
        foreach (string name in await ListUserTopicsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await FindAsync(name, cancellationToken).ConfigureAwait(false) is { } topic)
            {
                topics.Add(topic);
            }
        }

        return topics;
    }

    public async ValueTask<TopicInfo> CreateAsync(string topic, int queues, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        TopicNames.ThrowIfInvalid(topic);
        ThrowIfReserved(topic);
        if (queues is < 1 or > MaxQueues)
        {
            throw new BridgeException(BridgeError.TopicInvalid, $"A topic has 1 to {MaxQueues} queues.");
        }

        TopicInfo? present = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
        if (present is not null && present.Queues >= queues)
        {
            return present;
        }

        await ClusterErrors.TranslateAsync(SpreadAsync(topic, queues, cancellationToken)).ConfigureAwait(false);
        long start = clock.GetTimestamp();
        while (true)
        {
            TopicInfo? found = await FindAsync(topic, cancellationToken).ConfigureAwait(false);
            if (found is not null && found.Queues >= queues)
            {
                Created?.Invoke();
                return found;
            }

            if (clock.GetElapsedTime(start) > options.NewTopicWait)
            {
                throw new BridgeException(BridgeError.Timeout, $"Topic {topic} was created, and the name servers do not know it yet.", mayHaveHappened: true);
            }

            await Task.Delay(LookAgain, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Names of all topics that users made, in order.</summary>
    public async ValueTask<IReadOnlyList<string>> ListUserTopicsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> all = await ClusterErrors.TranslateAsync(_admin.ListTopicsAsync(cancellationToken)).ConfigureAwait(false);
        HashSet<string> ofBrokers = _brokerTopics;
        return [.. all.Where(name => IsUser(name) && !ofBrokers.Contains(name))];
    }

    /// <summary>Brokers have a topic of their own name and of their cluster's.</summary>
    public async ValueTask LearnBrokersAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<BrokerRoute> brokers = await ClusterErrors.TranslateAsync(_admin.ListBrokersAsync(cancellationToken)).ConfigureAwait(false);
        _brokerTopics = [.. brokers.SelectMany(broker => (string[])[broker.Name, broker.Cluster])];
    }

    /// <summary>The queues of a topic that can be read; none when it does not exist.</summary>
    public ValueTask<IReadOnlyList<MessageQueue>> QueuesAsync(string topic, CancellationToken cancellationToken)
        => ClusterErrors.TranslateAsync(_reader.ListQueuesAsync(topic, cancellationToken));

    /// <summary>Whether a topic is known to exist without asking anybody.</summary>
    public bool IsKnown(string topic) => _known.ContainsKey(topic);

    /// <summary>
    /// After the first publish to a topic: when that created it, waits until the name servers know it, so that
    /// whoever subscribes after the acknowledgement sees the topic as one with messages from before.
    /// </summary>
    public async ValueTask AwaitKnownAsync(string topic, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        bool waited = false;
        while ((await _reader.ListQueuesAsync(topic, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            waited = true;
            if (clock.GetElapsedTime(start) > options.NewTopicWait)
            {
                return;
            }

            await Task.Delay(LookAgain, clock, cancellationToken).ConfigureAwait(false);
        }

        if (_known.Count >= options.MaxKnownTopics)
        {
            _known.Clear();
        }

        _known[topic] = true;
        if (waited)
        {
            Created?.Invoke();
        }
    }

    /// <summary>So many queues in all, spread over the masters; none loses queues that it has.</summary>
    private async ValueTask SpreadAsync(string topic, int queues, CancellationToken cancellationToken)
    {
        TopicRoute? route = await connection.Routes.RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<BrokerRoute> brokers = await _admin.ListBrokersAsync(cancellationToken).ConfigureAwait(false);
        (string Name, int Had, int Gets)[] shares =
        [
            .. brokers.Where(broker => broker.Addresses.ContainsKey(0)).Select(broker =>
            {
                int had = route?.WriteQueues.Count(queue => queue.BrokerName == broker.Name) ?? 0;
                return (broker.Name, had, had);
            }),
        ];
        if (shares.Length == 0)
        {
            throw new BridgeException(BridgeError.Unreachable, $"The name servers {options.NameServers} know no broker with a master.");
        }

        for (int missing = queues - shares.Sum(share => share.Had); missing > 0; missing--)
        {
            int fewest = Array.IndexOf(shares, shares.MinBy(share => share.Gets));
            shares[fewest].Gets++;
        }

        foreach ((string name, int had, int gets) in shares)
        {
            if (gets > had)
            {
                await _admin.CreateTopicAsync(topic, gets, name, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whose a topic is.</summary>
    public TopicKind KindOf(string name)
        => name.StartsWith(TopicNames.RetryPrefix, StringComparison.Ordinal) ? TopicKind.Retry
            : name.StartsWith(TopicNames.DeadLetterPrefix, StringComparison.Ordinal) ? TopicKind.DeadLetter
            : IsUser(name) && !_brokerTopics.Contains(name) ? TopicKind.User
            : TopicKind.System;

    private static bool IsUser(string name)
        => !TopicNames.IsGroupTopic(name)
            && !SystemTopics.Contains(name)
            && !name.StartsWith("rmq_sys_", StringComparison.OrdinalIgnoreCase)
            && !name.StartsWith("%SYS%", StringComparison.Ordinal)
            && !name.EndsWith("_REPLY_TOPIC", StringComparison.Ordinal)
            && name != "DefaultHeartBeatSyncerTopic";
}
