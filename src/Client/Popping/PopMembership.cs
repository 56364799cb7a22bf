using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Client.Popping;

/// <summary>A group that pops, as heartbeats describe it: brokers share nothing out, and keep the group's settings.</summary>
internal sealed class PopMembership(string group, ConsumeFrom from, SubscriptionData[] subscriptions) : IHeartbeatMember
{
    public string Group => group;

    public ConsumerData? Describe() => new()
    {
        GroupName = group,
        ConsumeType = "CONSUME_POP",
        MessageModel = "CLUSTERING",
        ConsumeFromWhere = from == ConsumeFrom.First ? "CONSUME_FROM_FIRST_OFFSET" : "CONSUME_FROM_LAST_OFFSET",
        Subscriptions = [.. subscriptions],
    };

    public void MembersChanged()
    {
    }
}
