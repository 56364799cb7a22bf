using ProtoBridgeMQ.Client.Admin;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>What operators and set-up scripts do: topics, routes, members of groups.</summary>
/// <remarks>Thread safe. It has nothing to dispose: the connection belongs to the caller.</remarks>
public sealed class AdminClient
{
    private readonly ClusterConnection _connection;
    private readonly AdminCalls _calls;

    /// <summary>Makes an admin client.</summary>
    /// <param name="connection">The cluster; stays the caller's.</param>
    public AdminClient(ClusterConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _connection = connection;
        _calls = new AdminCalls(connection);
        Groups = new GroupAdmin(_calls);
        Messages = new MessageAdmin(_calls);
        Brokers = new BrokerAdmin(_calls);
    }

    /// <summary>Consumer groups.</summary>
    public GroupAdmin Groups { get; }

    /// <summary>Messages and dead letters.</summary>
    public MessageAdmin Messages { get; }

    /// <summary>Brokers.</summary>
    public BrokerAdmin Brokers { get; }

    /// <summary>All topics that the name servers know, by name, system topics among them.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public async ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken = default)
    {
        TopicList? list = await _connection.NameServers
            .AskAsync(
                RequestCode.GetAllTopicListFromNameServer,
                default(NoFields),
                "Asking for the list of topics",
                static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.TopicList) is { Topics.Count: > 0 } known ? known : null,
                ResponseCode.TopicNotExist,
                cancellationToken)
            .ConfigureAwait(false);
        list?.Topics.Sort(StringComparer.Ordinal);
        return list?.Topics ?? [];
    }

    /// <summary>All broker sets that the name servers know, by name; each says its cluster.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public ValueTask<IReadOnlyList<BrokerRoute>> ListBrokersAsync(CancellationToken cancellationToken = default) => _calls.BrokersAsync(cancellationToken);

    /// <summary>The route of a topic, as a name server has it now; null when it knows none.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public ValueTask<TopicRoute?> FindRouteAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        return _connection.Routes.AskAfreshAsync(topic, cancellationToken);
    }

    /// <summary>Creates a topic on every broker that has a master, or changes its number of queues.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="queues">Queues on each broker, to read and to write.</param>
    /// <param name="broker">Create it on this broker only; null for all.</param>
    /// <param name="attributes">Attributes of RocketMQ 5, as <c>+cleanup.policy=COMPACTION,+message.type=NORMAL</c>; brokers of 4.x take no notice.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <remarks>The name servers know it a moment later: brokers register their topics in the background.</remarks>
    /// <exception cref="ProtoBridgeMqException">A broker refused, or cannot be reached; others may have it.</exception>
    public async ValueTask CreateTopicAsync(string topic, int queues, string? broker = null, string? attributes = null, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queues);
        var header = new CreateTopicRequestHeader
        {
            Topic = topic,
            DefaultTopic = "TBW102",
            ReadQueues = queues,
            WriteQueues = queues,
            Permission = 6,
            FilterType = "SINGLE_TAG",
            SystemFlag = 0,
            Order = false,
            Attributes = attributes,
        };
        await _calls
            .TellMastersAsync(broker, RequestCode.UpdateAndCreateTopic, header, default, $"Creating topic {topic}", cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Deletes a topic with its messages on every broker that has a master, and at all name servers that can be reached.</summary>
    /// <exception cref="ProtoBridgeMqException">A broker refused, or cannot be reached; others may have done it.</exception>
    public async ValueTask DeleteTopicAsync(string topic, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        string what = $"Deleting topic {topic}";
        await _calls
            .TellMastersAsync(null, RequestCode.DeleteTopicInBroker, new DeleteTopicRequestHeader { Topic = topic }, default, what, cancellationToken)
            .ConfigureAwait(false);
        await _connection.NameServers
            .TellAsync(RequestCode.DeleteTopicInNameServer, new DeleteTopicFromNameServerRequestHeader { Topic = topic }, what, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>The ends of the queues of a topic.</summary>
    /// <exception cref="TopicNotFoundException">The topic does not exist.</exception>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<QueueEnds>> GetTopicEndsAsync(string topic, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        TopicRoute route = await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false)
            ?? throw new TopicNotFoundException(topic, $"No name server knows topic {topic}.");
        var ends = new List<QueueEnds>();
        foreach (BrokerRoute broker in route.Brokers)
        {
            string what = $"Asking broker {broker.Name} for the queues of topic {topic}";
            using RemotingResponse response = await _calls
                .RequireAsync(broker.Name, RequestCode.GetTopicStatsInfo, new GetTopicStatsRequestHeader { Topic = topic }, default, what, cancellationToken)
                .ConfigureAwait(false);
            TopicStatsTable table = RemoteCalls.Read(response, what, broker.Name, static answer => LenientJson.Read(answer.Body.Span, AdminJson.Bodies.TopicStatsTable));
            ends.AddRange(table.Offsets.Entries.Select(entry => new QueueEnds(
                new MessageQueue(entry.Key.Topic, entry.Key.BrokerName, entry.Key.QueueId),
                entry.Value.MinOffset,
                entry.Value.MaxOffset,
                entry.Value.LastUpdateTimestamp > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(entry.Value.LastUpdateTimestamp) : null)));
        }

        ends.Sort((left, right) => left.Queue.CompareTo(right.Queue));
        return ends;
    }

    /// <summary>Groups that read a topic now or have progress in it, by name.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public async ValueTask<IReadOnlyList<string>> ListGroupsOfTopicAsync(string topic, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        IReadOnlyList<List<string>> found = await _calls
            .GatherAsync(
                RequestCode.QueryTopicConsumeByWho,
                new QueryTopicConsumeByWhoRequestHeader { Topic = topic },
                $"Asking who consumes topic {topic}",
                static answer => LenientJson.Read(answer.Body.Span, AdminJson.Bodies.GroupList).Groups,
                cancellationToken)
            .ConfigureAwait(false);
        return [.. found.SelectMany(groups => groups).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The attributes of a topic on a broker, such as <c>cleanup.policy</c>; none when the broker does not tell (4.x) or has no such topic.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetTopicAttributesAsync(string topic, string broker, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        string what = $"Asking broker {broker} for the settings of topic {topic}";
        using RemotingResponse response = await _calls.AskAsync(broker, RequestCode.GetTopicConfig, new TopicConfigRequestHeader { Topic = topic }, what, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success
            ? RemoteCalls.Read(response, what, broker, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.TopicConfigData)).Attributes ?? []
            : new Dictionary<string, string>();
    }

    /// <summary>What a broker calls itself, such as <c>ProtoBridgeMQ 1.0.0</c> or <c>V5_3_3</c>; empty when it does not tell.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public ValueTask<string> GetBrokerVersionAsync(string broker, CancellationToken cancellationToken = default) => _calls.VersionAsync(broker, cancellationToken);

    /// <summary>The client ids of the members of a group that consumes a topic.</summary>
    /// <exception cref="ProtoBridgeMqException">The group has no member, or no broker answers.</exception>
    public async ValueTask<IReadOnlyCollection<string>> ListMembersAsync(string group, string topic, CancellationToken cancellationToken = default)
    {
        Names.RequireGroup(group);
        TopicRoute route = await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false)
            ?? throw new TopicNotFoundException(topic, $"No name server knows topic {topic}.");
        return await Rebalance.MembersAsync(_connection, route, group, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>The ends of a queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="First">The oldest offset that is kept.</param>
/// <param name="End">One behind the newest.</param>
/// <param name="LastStoredAt">When the newest message was stored; null without one.</param>
public sealed record QueueEnds(MessageQueue Queue, long First, long End, DateTimeOffset? LastStoredAt);
