using System.Diagnostics;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Routing;
using ProtoBridgeMQ.Client.Tasks;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>A send with its tries: chooses the queue, tries, and says what became of it.</summary>
internal sealed class SendTries(ClusterConnection connection, ProducerOptions options, FaultTable faults, SendRequest request)
{
    private readonly TimeProvider _time = connection.Options.TimeProvider;

    /// <summary>Sends a message and gives its memory back, whatever becomes of it. One method from first to last: each more that waits costs each send.</summary>
    [AsyncMethodBuilder(typeof(ReusingMethodBuilder<>))]
    public async ValueTask<SendReceipt> SendAsync(
        string topicName, SendTarget target, EncodedMessage message, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        TopicEntry topic = connection.Routes.Entry(topicName, start);
        string? failedBroker = null;
        bool mayHaveHappened = false;
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                TopicRoute route;
                try
                {
                    route = await RouteAsync(topic, cancellationToken).ConfigureAwait(false);
                }
                catch (ProtoBridgeMqException error) when (mayHaveHappened)
                {
                    ClientMetrics.SendFailures.Add(1);
                    throw Unknown(error, attempt);
                }

                MessageQueue queue = Choose(topic, route, target, failedBroker);
                long tryStart = attempt == 1 ? start : _time.GetTimestamp();
                string? address = null;
                try
                {
                    address = connection.Routes.AddressOf(queue.BrokerName, masterOnly: true)
                        ?? await connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
                    if (message.DependsOnBroker)
                    {
                        message = await request.FitAsync(address, queue, message, cancellationToken).ConfigureAwait(false);
                    }

                    // The last try has nobody else to go to: it does not believe that a broker is still away.
                    bool isLast = attempt > options.Retries || !target.MayMove;
                    using RemotingResponse response = await request
                        .BeginAsync(topic, address, queue, message, Left(start), isLast, cancellationToken)
                        .ConfigureAwait(false);
                    SendReceipt receipt = SendRequest.Read(topic, address, queue, message, response);
                    Stored(queue.BrokerName, message.Kind, start, tryStart);
                    return receipt;
                }
                catch (Exception thrown) when (thrown is ProtoBridgeMqException or RemotingException)
                {
                    ProtoBridgeMqException error = thrown as ProtoBridgeMqException
                        ?? connection.Calls.Translate((RemotingException)thrown, topic.Sending, address!);
                    mayHaveHappened |= error.MayHaveHappened;
                    await AfterFailureAsync(topic, queue, error, cancellationToken).ConfigureAwait(false);
                    if (attempt > options.Retries || !MayRetry(error, target) || Left(start) <= TimeSpan.Zero)
                    {
                        ClientMetrics.SendFailures.Add(1);
                        throw mayHaveHappened == error.MayHaveHappened ? error : Unknown(error, attempt);
                    }

                    connection.Log.SendTryFailed(attempt, topicName, queue.BrokerName, error.Message);
                    ClientMetrics.SendRetries.Add(1);
                    failedBroker = queue.BrokerName;
                }
            }
        }
        finally
        {
            message.Release();
        }
    }

    /// <summary>The route of a topic, or that of the template when the topic may be created by sending.</summary>
    public ValueTask<TopicRoute> RouteAsync(TopicEntry topic, CancellationToken cancellationToken)
        => topic.Route is { WriteQueueArray.Length: > 0 } route && (!topic.IsTemplate || options.NewTopicTemplate is not null)
            ? ValueTask.FromResult(route)
            : LookUpRouteAsync(topic, cancellationToken);

    public MessageQueue Choose(TopicEntry topic, TopicRoute route, SendTarget target, string? failedBroker)
    {
        if (target.Queue is { } given)
        {
            return given;
        }

        return target.Hash is { } hash
            ? QueueChoice.Ordered(route.WriteQueueArray, hash)
            : QueueChoice.Next(route.WriteQueueArray, topic.NextTurn(), failedBroker, faults);
    }

    private async ValueTask<TopicRoute> LookUpRouteAsync(TopicEntry topic, CancellationToken cancellationToken)
    {
        // A look-up that was under way for somebody else may not have asked for the template: then again, as consumers of this connection look for missing topics all the time.
        for (int i = 0; i < 8; i++)
        {
            TopicRoute? found = await connection.Routes
                .LookUpAsync(topic, options.NewTopicTemplate, options.NewTopicQueues, cancellationToken)
                .ConfigureAwait(false);
            if (found is { WriteQueueArray.Length: > 0 } && (!topic.IsTemplate || options.NewTopicTemplate is not null))
            {
                return found;
            }
        }

        throw topic.Route is null
            ? new TopicNotFoundException(
                topic.Topic,
                $"No name server knows topic {topic.Topic}, and it cannot be created by sending to it ({options.NewTopicTemplate ?? "no template"} has no route). Create it first.")
            : new RequestRefusedException(
                $"Topic {topic.Topic} has no queue that can be written to: no permission, or no master is up.", ResponseCode.NoPermission, null);
    }

    private void Stored(string broker, SendKind kind, long start, long tryStart)
    {
        long now = _time.GetTimestamp();
        faults.Took(broker, _time.GetElapsedTime(tryStart, now));
        if (ClientMetrics.SendSeconds.Enabled)
        {
            ClientMetrics.SendSeconds.Record(_time.GetElapsedTime(start, now).TotalSeconds);
        }

        if (kind != SendKind.Batch)
        {
            ClientMetrics.Sent.Add(1);
        }
    }

    private TimeSpan Left(long start)
    {
        TimeSpan left = options.SendTimeout - _time.GetElapsedTime(start);
        return left < options.AttemptTimeout ? left : options.AttemptTimeout;
    }

    private bool MayRetry(ProtoBridgeMqException error, SendTarget target)
    {
        if (!target.MayMove || (error.MayHaveHappened && !options.RetryWhenUnknown))
        {
            return false;
        }

        return error switch
        {
            ClientBusyException or InvalidMessageException => false,
            RequestRefusedException refused => refused.ResponseCode is ResponseCode.TopicNotExist or ResponseCode.ServiceNotAvailable
                or ResponseCode.SystemError or ResponseCode.SystemBusy or ResponseCode.NoPermission or ResponseCode.NoBuyerId
                or ResponseCode.NotInCurrentUnit or ResponseCode.GoAway,
            _ => true,
        };
    }

    private async ValueTask AfterFailureAsync(TopicEntry topic, MessageQueue queue, ProtoBridgeMqException error, CancellationToken cancellationToken)
    {
        switch (error)
        {
            case ClientBusyException:
                return;
            case RequestRefusedException { ResponseCode: ResponseCode.TopicNotExist or ResponseCode.NoPermission }:
                // The route is older than the brokers' tables.
                await RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
                return;
            case RequestRefusedException { ResponseCode: not (ResponseCode.SystemBusy or ResponseCode.SystemError or ResponseCode.ServiceNotAvailable) }:
                return;
            case ClusterUnreachableException:
                faults.Failed(queue.BrokerName);
                await RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
                return;
            default:
                faults.Failed(queue.BrokerName);
                return;
        }
    }

    private async ValueTask RefreshAsync(TopicEntry topic, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Routes
                .LookUpAsync(topic, options.NewTopicTemplate, options.NewTopicQueues, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            connection.Log.RouteRefreshFailed(topic.Topic, error.Message);
        }
    }

    /// <summary>The last try did not happen for sure, but an earlier one may have: the caller must not believe the last one.</summary>
    private static ProtoBridgeMqException Unknown(ProtoBridgeMqException last, int attempts)
    {
        Debug.Assert(!last.MayHaveHappened, "only a sure failure needs to be made unsure");
        string message = $"{last.Message} (An earlier one of {attempts} tries may have been stored.)";
        return last.ResponseCode is { } code
            ? new RequestRefusedException(message, code, last.Address, mayHaveHappened: true, last)
            : new ClusterUnreachableException(message, true, last.Address, last);
    }
}
