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

    /// <summary>Makes an admin client.</summary>
    /// <param name="connection">The cluster; stays the caller's.</param>
    public AdminClient(ClusterConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _connection = connection;
    }

    /// <summary>All topics that the name servers know, by name, system topics among them.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public async ValueTask<IReadOnlyList<string>> ListTopicsAsync(CancellationToken cancellationToken = default)
    {
        const string What = "Asking for the list of topics";
        using RemotingResponse response = await InvokeAsync(RequestCode.GetAllTopicListFromNameServer, What, cancellationToken).ConfigureAwait(false);
        TopicList list = RemoteCalls.Read(
            response, What, _connection.Options.NameServers, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.TopicList));
        list.Topics.Sort(StringComparer.Ordinal);
        return list.Topics;
    }

    /// <summary>All broker sets that the name servers know, by name.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public async ValueTask<IReadOnlyList<BrokerRoute>> ListBrokersAsync(CancellationToken cancellationToken = default)
    {
        const string What = "Asking for the list of brokers";
        using RemotingResponse response = await InvokeAsync(RequestCode.GetBrokerClusterInfo, What, cancellationToken).ConfigureAwait(false);
        ClusterInfo info = RemoteCalls.Read(
            response, What, _connection.Options.NameServers, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.ClusterInfo));
        return [.. info.Brokers.Values
            .Select(broker => new BrokerRoute(broker.BrokerName, broker.Cluster, broker.Addresses))
            .OrderBy(broker => broker.Name, StringComparer.Ordinal)];
    }

    /// <summary>The route of a topic, as a name server has it now; null when it knows none.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public async ValueTask<TopicRoute?> FindRouteAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        Routing.TopicEntry entry = _connection.Routes.Entry(topic);
        TopicRoute? route = await _connection.Routes.LookUpAsync(entry, null, 0, cancellationToken).ConfigureAwait(false);
        return entry.IsTemplate ? null : route;
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
        bool any = false;
        foreach (BrokerRoute route in await ListBrokersAsync(cancellationToken).ConfigureAwait(false))
        {
            if ((broker is null || route.Name == broker) && route.Addresses.TryGetValue(0, out string? master))
            {
                any = true;
                using RemotingResponse response = await _connection.Calls
                    .RequireAsync(
                        master,
                        RequestCode.UpdateAndCreateTopic,
                        header,
                        default,
                        _connection.Options.RequestTimeout,
                        $"Creating topic {topic} on broker {route.Name}",
                        cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        if (!any)
        {
            throw new ClusterUnreachableException($"Topic {topic} cannot be created: the name servers know no broker {broker} with a master.", false, null);
        }
    }

    /// <summary>The attributes of a topic on a broker, such as <c>cleanup.policy</c>; none when the broker does not tell (4.x) or has no such topic.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetTopicAttributesAsync(string topic, string broker, CancellationToken cancellationToken = default)
    {
        Names.RequireTopic(topic);
        string what = $"Asking broker {broker} for the settings of topic {topic}";
        using RemotingResponse response = await AskAsync(broker, RequestCode.GetTopicConfig, new TopicConfigRequestHeader { Topic = topic }, what, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success
            ? RemoteCalls.Read(response, what, broker, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.TopicConfigData)).Attributes ?? []
            : new Dictionary<string, string>();
    }

    /// <summary>What a broker calls itself, such as <c>ProtoBridgeMQ 1.0.0</c> or <c>V5_3_3</c>; empty when it does not tell.</summary>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public async ValueTask<string> GetBrokerVersionAsync(string broker, CancellationToken cancellationToken = default)
    {
        string what = $"Asking broker {broker} for its version";
        using RemotingResponse response = await AskAsync(broker, RequestCode.GetBrokerRuntimeInfo, default(NoFields), what, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success
            ? RemoteCalls.Read(response, what, broker, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.KvTable)).Table.GetValueOrDefault("brokerVersionDesc") ?? string.Empty
            : string.Empty;
    }

    /// <summary>The client ids of the members of a group that consumes a topic.</summary>
    /// <exception cref="ProtoBridgeMqException">The group has no member, or no broker answers.</exception>
    public async ValueTask<IReadOnlyCollection<string>> ListMembersAsync(string group, string topic, CancellationToken cancellationToken = default)
    {
        Names.RequireGroup(group);
        TopicRoute route = await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false)
            ?? throw new TopicNotFoundException(topic, $"No name server knows topic {topic}.");
        return await Rebalance.MembersAsync(_connection, route, group, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the master of a broker; the answer may be a refusal.</summary>
    private async ValueTask<RemotingResponse> AskAsync<THeader>(string broker, int code, THeader header, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        IReadOnlyList<BrokerRoute> brokers = await ListBrokersAsync(cancellationToken).ConfigureAwait(false);
        string master = brokers.FirstOrDefault(route => route.Name == broker)?.Addresses.GetValueOrDefault(0)
            ?? throw new ClusterUnreachableException($"{what} failed: the name servers know no master of it.", false, null);
        return await _connection.Calls
            .InvokeAsync(master, code, header, default, _connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
    }

    private async ValueTask<RemotingResponse> InvokeAsync(int code, string what, CancellationToken cancellationToken)
    {
        RemotingResponse response = await _connection.NameServers
            .InvokeAsync(code, default(NoFields), what, cancellationToken)
            .ConfigureAwait(false);
        if (response.Code == ResponseCode.Success)
        {
            return response;
        }

        using (response)
        {
            throw CallErrors.Refused(response, what, _connection.Options.NameServers);
        }
    }
}
