using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>The gateway as a member of a group; it is told when the members changed.</summary>
internal sealed class GatewayMember(Action changed) : GroupMember
{
    public override void MembersChanged() => changed();
}
