using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>A member of a group at the other end of a connection.</summary>
internal sealed class ClientMember(RemotingConnection connection) : GroupMember
{
    public RemotingConnection Connection => connection;

    public override bool Expires => true;

    public override object ConnectionKey => connection;

    public override bool TryDisconnect()
    {
        connection.Abort("an operator closed it");
        return true;
    }

    // One-way, and left out when the connection takes nothing now: clients look at their groups by themselves as well.
    public override void MembersChanged() => connection.TrySendOneWay(
        RequestCode.NotifyConsumerIdsChanged,
        new NotifyConsumerIdsChangedRequestHeader { ConsumerGroup = Group });
}
