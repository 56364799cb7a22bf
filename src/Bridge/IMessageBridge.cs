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

namespace ProtoBridgeMQ.Bridge;

/// <summary>
/// The waist between protocol fronts and brokers. A front knows this interface and its own folder, nothing else;
/// a bridge (embedded broker, cluster) knows this interface and its broker, and no protocol of a front.
/// </summary>
/// <remarks>
/// Thread safety: every member may be called from any thread at the same time.
/// Errors: every failure that a caller can act on is a <see cref="BridgeException"/>; cancellation is
/// <see cref="OperationCanceledException"/>. Anything else is a defect of the bridge.
/// </remarks>
public interface IMessageBridge : IAsyncDisposable
{
    /// <summary>What this bridge can do; constant for its lifetime.</summary>
    BridgeCapabilities Capabilities { get; }

    /// <summary>Whether the brokers behind the bridge take and give messages now. Cheap: health probes call it.</summary>
    BridgeStatus Status { get; }

    /// <summary>Finds, lists and creates topics.</summary>
    ITopicDirectory Topics { get; }

    /// <summary>Durable queues of topic filters, for sessions that outlive their connections; null when the brokers have none.</summary>
    IFilterQueues? FilterQueues => null;

    /// <summary>Reads queues without consuming.</summary>
    IMessageReader Reader { get; }

    /// <summary>Request-reply; null when the brokers hand no replies on.</summary>
    IRequests? Requests => null;

    /// <summary>Transactions of producers; null when this bridge begins none.</summary>
    ITransactions? Transactions => null;

    /// <summary>The latest retained message of each MQTT topic name.</summary>
    IRetainedMessages Retained { get; }

    /// <summary>Small durable key-value state of the fronts: sessions, bindings.</summary>
    IStateStore State { get; }

    /// <summary>What operators do with the brokers; null when this bridge has nothing to manage.</summary>
    IAdministration? Administration => null;

    /// <summary>
    /// Appends one message. The task completes once the message is as durable as the broker is configured for:
    /// only then may a front acknowledge it. Publishes of one topic and ordering key that are started one after
    /// the other are stored in that order, also when they are not awaited in between.
    /// </summary>
    /// <param name="message">Its body and properties are borrowed until the returned task completes.</param>
    /// <param name="cancellationToken">Stops the wait; the message may be stored nevertheless.</param>
    /// <exception cref="BridgeException">The message was refused, or it is unknown whether it was stored
    /// (<see cref="BridgeException.MayHaveHappened"/>).</exception>
    ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default);

    /// <summary>
    /// Calls a message back that waits for its time. Completes when that is durable: the message does not come. That one is not
    /// there, or came already, is not noticed.
    /// </summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="handle">The <see cref="PublishReceipt.RecallHandle"/> of its publish.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BridgeException"><see cref="BridgeError.InvalidArgument"/>: no such handle, or its time is over.</exception>
    ValueTask RecallAsync(string topic, string handle, CancellationToken cancellationToken = default)
        => ValueTask.FromException(new BridgeException(BridgeError.Unsupported, "These brokers call no message back."));

    /// <summary>
    /// Opens a stream of messages. When the task completes the subscription is in force: a message whose publish
    /// is acknowledged after that will be received. One that was acknowledged a moment before may be received, too:
    /// it can still be on its way from the disk to the readers.
    /// </summary>
    /// <exception cref="BridgeException">The topic or group is unknown, invalid, or the filter does not parse.</exception>
    ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default);

    /// <summary>The names of the brokers that may store what is published now; none where no other process has them.</summary>
    IReadOnlyCollection<string> Brokers => [];

    /// <summary>
    /// Shows what was stored in a topic in a span of time, queue by queue, every queue in its order. It is how a front finds
    /// out after a crash what got into the log, and reads all of the span: ask for short ones. What was stored before the call is
    /// shown, also when consumers cannot read it yet.
    /// </summary>
    /// <exception cref="BridgeException">The brokers do not answer, or one of <see cref="LookBack.Brokers"/> is not there; something may
    /// have been shown.</exception>
    ValueTask LookBackAsync(LookBack look, CancellationToken cancellationToken = default);
}
