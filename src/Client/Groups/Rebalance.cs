using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>Computes one member's queues from the routes and the list of members.</summary>
/// <remarks>One call at a time.</remarks>
internal sealed class Rebalance(ClusterConnection connection, GroupMemberOptions options)
{
    private volatile bool _isIncomplete;

    /// <summary>Whether a subscribed topic does not exist yet, or could not be shared out: then the next try comes sooner.</summary>
    public bool IsIncomplete => _isIncomplete;

    /// <summary>The queues of all topics. What cannot be found out stays as it was.</summary>
    public async ValueTask<MessageQueue[]> ShareOutAsync(
        IReadOnlyCollection<string> topics, IReadOnlyList<MessageQueue> before, CancellationToken cancellationToken)
    {
        var queues = new List<MessageQueue>();
        bool incomplete = false;
        foreach (string topic in topics)
        {
            try
            {
                TopicRoute? route = await connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false);
                incomplete |= route is null;
                if (route is not null)
                {
                    MessageQueue[]? share = await OfTopicAsync(route, cancellationToken).ConfigureAwait(false);
                    incomplete |= share is null;
                    queues.AddRange(share ?? []);
                }
            }
            catch (ProtoBridgeMqException error)
            {
                connection.Log.RebalanceFailed(options.Group, topic, error.Message);
                incomplete = true;
                queues.AddRange(before.Where(queue => queue.Topic == topic));
            }
        }

        _isIncomplete = incomplete;
        queues.Sort();
        return [.. queues];
    }

    /// <summary>Asks a broker whether it can read an SQL92 expression: a wrong one fails at the start, not at each pull.</summary>
    public async ValueTask CheckFilterAsync(TopicRoute route, MessageFilter filter, CancellationToken cancellationToken)
    {
        string? address = route.Brokers.Select(broker => connection.Routes.AddressOf(broker.Name, masterOnly: false)).FirstOrDefault(address => address is not null);
        if (address is null)
        {
            return;
        }

        var body = new CheckClientBody
        {
            ClientId = connection.ClientId,
            Group = options.Group,
            Subscription = filter.Describe(route.Topic, connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds()),
        };
        using RemotingResponse response = await connection.Calls
            .RequireAsync(
                address,
                RequestCode.CheckClientConfig,
                default(EmptyFields),
                LenientJson.Write(body, RemotingJson.Bodies.CheckClientBody),
                connection.Options.RequestTimeout,
                $"The filter '{filter}' of topic {route.Topic}",
                cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>This member's queues of a topic; null when the brokers do not count it as a member.</summary>
    private async ValueTask<MessageQueue[]?> OfTopicAsync(TopicRoute route, CancellationToken cancellationToken)
    {
        if (options.Model == MessageModel.Broadcasting)
        {
            return route.ReadQueueArray;
        }

        IReadOnlyCollection<string> members = await ListedAsync(route, cancellationToken).ConfigureAwait(false);
        return members.Contains(connection.ClientId)
            ? AverageAllocation.Allocate(connection.ClientId, route.ReadQueueArray, members).ToArray()
            : null;
    }

    /// <summary>The members; when this one is not among them, the broker has not heard of it yet: it is told, and asked once more.</summary>
    private async ValueTask<IReadOnlyCollection<string>> ListedAsync(TopicRoute route, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyCollection<string> members = await MembersAsync(connection, route, options.Group, cancellationToken).ConfigureAwait(false);
            if (members.Contains(connection.ClientId))
            {
                return members;
            }
        }
        catch (RequestRefusedException)
        {
            // A broker that knows no member at all answers with an error.
        }

        await connection.Heartbeats.BeatOnceAsync(cancellationToken).ConfigureAwait(false);
        return await MembersAsync(connection, route, options.Group, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The client ids of a group, from the first broker of the topic that answers.</summary>
    internal static async ValueTask<IReadOnlyCollection<string>> MembersAsync(
        ClusterConnection connection, TopicRoute route, string group, CancellationToken cancellationToken)
    {
        var header = new GetConsumerListByGroupRequestHeader { ConsumerGroup = group };
        string what = $"Asking for the members of group {group}";
        ProtoBridgeMqException? last = null;
        foreach (BrokerRoute broker in route.Brokers)
        {
            if (connection.Routes.AddressOf(broker.Name, masterOnly: false) is not { } address)
            {
                continue;
            }

            try
            {
                using RemotingResponse response = await connection.Calls
                    .RequireAsync(address, RequestCode.GetConsumerListByGroup, header, default, connection.Options.RequestTimeout, what, cancellationToken)
                    .ConfigureAwait(false);
                return RemoteCalls.Read(
                    response, what, address, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.ConsumerListBody)).ConsumerIds;
            }
            catch (ProtoBridgeMqException error)
            {
                last = error;
            }
        }

        throw last ?? new ClusterUnreachableException($"{what} failed: no broker of topic {route.Topic} has an address.", false, null);
    }
}
