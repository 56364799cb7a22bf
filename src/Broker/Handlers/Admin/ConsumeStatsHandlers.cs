using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_CONSUME_STATS (208): where a group is in its topics.</summary>
internal sealed class ConsumeStatsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetConsumeStatsRequestHeader header = GetConsumeStatsRequestHeader.Read(request.Fields);
        var stats = new ConsumeStats();
        foreach (string name in Topics(header))
        {
            if (core.Topics.Find(name) is { } topic)
            {
                ConsumeStatsReader.Add(core, stats, header.ConsumerGroup, topic, topic.ReadQueues);
            }
        }

        return Answer.With(request, stats, AdminJson.Bodies.ConsumeStats);
    }

    private IEnumerable<string> Topics(GetConsumeStatsRequestHeader header)
    {
        string group = header.ConsumerGroup;
        string[] listed = (header.TopicList ?? string.Empty).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return listed.Length > 0 ? listed.Distinct(StringComparer.Ordinal)
            : (string.IsNullOrWhiteSpace(header.Topic) ? core.Tables.Offsets.TopicsOf(group) : [header.Topic])
                .Where(topic => ConsumeStatsReader.Counts(core, group, topic));
    }
}

/// <summary>GET_BROKER_CONSUME_STATS (317): where all groups are.</summary>
internal sealed class BrokerConsumeStatsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        bool onlyOrdered = GetConsumeStatsInBrokerRequestHeader.Read(request.Fields).IsOrder;
        ILookup<string, string> topics = core.Tables.Offsets.Pairs(static (_, _) => true).ToLookup(static pair => pair.Group, static pair => pair.Topic, StringComparer.Ordinal);
        var list = new ConsumeStatsList { BrokerAddress = core.StoreHost.ToString(), TotalInflightDiff = 0 };
        foreach (SubscriptionGroup group in core.Groups.All())
        {
            var byTopic = new List<ConsumeStats>();
            foreach (string name in topics[group.Name].Order(StringComparer.Ordinal))
            {
                if (core.Topics.Find(name) is { } topic && (!onlyOrdered || topic.Ordered) && ConsumeStatsReader.Counts(core, group.Name, name))
                {
                    var stats = new ConsumeStats();
                    ConsumeStatsReader.Add(core, stats, group.Name, topic, topic.WriteQueues);
                    list.TotalDiff += stats.Offsets.Entries.Sum(static entry => entry.Value.BrokerOffset - entry.Value.ConsumerOffset);
                    list.TotalInflightDiff += stats.Offsets.Entries.Sum(static entry => (entry.Value.PullOffset ?? entry.Value.ConsumerOffset) - entry.Value.ConsumerOffset);
                    byTopic.Add(stats);
                }
            }

            list.Groups.Add(new Dictionary<string, List<ConsumeStats>> { [group.Name] = byTopic });
        }

        return Answer.With(request, list, AdminJson.Bodies.ConsumeStatsList);
    }
}
