using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_BROKER_HA_STATUS (907): a master without replicas, and where its log ends.</summary>
internal sealed class HaStatusHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(
        request,
        new HaRuntimeInfo { IsMaster = true, MasterCommitLogMaxOffset = core.Store.Written.Value },
        AdminJson.Bodies.HaRuntimeInfo);
}

/// <summary>RESET_MASTER_FLUSH_OFFSET (908): for replicas; a master has nothing to do.</summary>
internal sealed class ResetMasterFlushOffsetHandler : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(request);
}
