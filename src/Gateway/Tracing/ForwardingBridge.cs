using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Bridge.Transactions;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>A bridge around another one that does nothing itself: what watches publishes and streams overrides those.</summary>
internal abstract class ForwardingBridge(IMessageBridge inner) : IMessageBridge
{
    public BridgeCapabilities Capabilities => Inner.Capabilities;

    public BridgeStatus Status => Inner.Status;

    public ITopicDirectory Topics => Inner.Topics;

    public IFilterQueues? FilterQueues => Inner.FilterQueues;

    public IMessageReader Reader => Inner.Reader;

    public IRequests? Requests => Inner.Requests;

    public ITransactions? Transactions => Inner.Transactions;

    public IRetainedMessages Retained => Inner.Retained;

    public IStateStore State => Inner.State;

    public IAdministration? Administration => Inner.Administration;

    public IReadOnlyCollection<string> Brokers => Inner.Brokers;

    protected IMessageBridge Inner { get; } = inner;

    public virtual ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default) => Inner.PublishAsync(message, cancellationToken);

    public ValueTask RecallAsync(string topic, string handle, CancellationToken cancellationToken = default) => Inner.RecallAsync(topic, handle, cancellationToken);

    public virtual ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default) => Inner.SubscribeAsync(request, cancellationToken);

    public ValueTask LookBackAsync(LookBack look, CancellationToken cancellationToken = default) => Inner.LookBackAsync(look, cancellationToken);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Inner.DisposeAsync();
    }
}
