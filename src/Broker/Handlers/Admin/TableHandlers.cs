using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_ALL_CONSUMER_OFFSET (43): the progress of all groups as its file has it.</summary>
internal sealed class AllConsumerOffsetsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(
        request,
        TableText.Of(output => OffsetFile.Write(output, core.Tables.OffsetFlush.Version, core.Tables.Offsets)));
}

/// <summary>GET_ALL_DELAY_OFFSET (45): how far delayed messages are, as its file has it.</summary>
internal sealed class AllDelayOffsetsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(request, core.DelayText());
}

/// <summary>GET_ALL_MESSAGE_REQUEST_MODE (402): whether groups pull or pop their topics, as its file has it.</summary>
internal sealed class AllRequestModesHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(request, TableText.Of(output => RequestModeFile.Write(output, core.Tables.Modes.All())));
}

/// <summary>
/// POP_ROLLBACK (200056): moves the account of pops from a key-value store into topics. It is in topics always: a success, as
/// from a broker without such a store.
/// </summary>
internal sealed class PopRollbackHandler : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(request);
}

/// <summary>GET_TIMER_CHECK_POINT (60): how far messages with a time are, as its file has it.</summary>
internal sealed class TimerCheckpointHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(request, core.Store.Timers.ProgressBytes());
}

/// <summary>GET_TIMER_METRICS (61): messages with a time by topic, as its file has it.</summary>
internal sealed class TimerMetricsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request) => Answer.With(request, core.Store.Timers.CountsText());
}
