using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>Computes one member's queues from the routes and the list of members.</summary>
/// <remarks>One call at a time.</remarks>
internal sealed class Rebalance(ClusterConnection connection, GroupMemberOptions options)
{
    private volatile bool _topicsMissing;

    /// <summary>Whether a subscribed topic does not exist yet: then it is looked for more often.</summary>
    public bool TopicsMissing => _topicsMissing;

    /// <summary>The queues of all topics. What cannot be found out stays as it was.</summary>
    public async ValueTask<MessageQueue[]> ShareOutAsync(
        IReadOnlyCollection<string> topics, IReadOnlyList<MessageQueue> before, CancellationToken cancellationToken)
    {
        var queues = new List<MessageQueue>();
        bool missing = false;
        foreach (string topic in topics)
        {
            try
            {
                TopicRoute? route = await connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false);
                missing |= route is null;
                if (route is not null)
                {
                    queues.AddRange(await OfTopicAsync(route, cancellationToken).ConfigureAwait(false));
                }
            }
            catch (ProtoBridgeMqException error)
            {
                connection.Log.RebalanceFailed(options.Group, topic, error.Message);
                queues.AddRange(before.Where(queue => queue.Topic == topic));
            }
        }

        _topicsMissing = missing;
        queues.Sort();
        return [.. queues];
    }

    private async ValueTask<MessageQueue[]> OfTopicAsync(TopicRoute route, CancellationToken cancellationToken)
    {
        if (options.Model == MessageModel.Broadcasting)
        {
            return route.ReadQueueArray;
        }

        IReadOnlyCollection<string> members = await MembersAsync(connection, route, options.Group, cancellationToken).ConfigureAwait(false);
        return AverageAllocation.Allocate(connection.ClientId, route.ReadQueueArray, members).ToArray();
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
