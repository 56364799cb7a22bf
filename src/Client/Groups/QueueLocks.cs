using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>
/// The queues that a member which consumes in order has locked at their brokers. Brokers lease a lock for 60 seconds; it counts here for 30
/// after it was last confirmed, and is asked for again every 20, so that two members never believe they have one.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class QueueLocks(ClusterConnection connection, string group)
{
    /// <summary>How long a confirmed lock counts.</summary>
    public static readonly TimeSpan Trusted = TimeSpan.FromSeconds(30);

    /// <summary>How often locks are confirmed.</summary>
    public static readonly TimeSpan KeepInterval = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly Dictionary<MessageQueue, long> _confirmed = [];
    private readonly TimeProvider _time = connection.Options.TimeProvider;

    /// <summary>Whether the queue is locked, for sure.</summary>
    public bool IsHeld(MessageQueue queue)
    {
        lock (_gate)
        {
            return _confirmed.TryGetValue(queue, out long since) && _time.GetElapsedTime(since) < Trusted;
        }
    }

    /// <summary>
    /// Locks a queue, or confirms its lock. False when another member has it, or its broker does not answer. A request that is on its way is waited for
    /// in spite of the token: given back before the broker has handled it, the queue would stay locked for the whole lease.
    /// </summary>
    public async ValueTask<bool> TryLockAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await LockAsync(queue.BrokerName, [queue]).ConfigureAwait(false);
        return IsHeld(queue);
    }

    /// <summary>Confirms the locks of all queues, with one request for each broker.</summary>
    public Task KeepAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken)
        => Task.WhenAll(queues
            .GroupBy(queue => queue.BrokerName)
            .Select(broker => LockAsync(broker.Key, [.. broker])))
            .WaitAsync(cancellationToken);

    /// <summary>Gives a queue back, so that its next owner need not wait for the lease to end.</summary>
    public async ValueTask UnlockAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        bool held;
        lock (_gate)
        {
            held = _confirmed.Remove(queue);
        }

        if (!held)
        {
            return;
        }

        try
        {
            string address = await connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
            using RemotingResponse response = await connection.Calls
                .RequireAsync(
                    address, RequestCode.UnlockBatchMq, default(EmptyFields), Body([queue]), connection.Options.RequestTimeout, $"Unlocking {queue}", cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            connection.Log.UnlockFailed(group, queue, error.Message);
        }
    }

    private async Task LockAsync(string broker, MessageQueue[] queues)
    {
        long asked = _time.GetTimestamp();
        lock (_gate)
        {
            foreach (MessageQueue queue in queues)
            {
                // Locked perhaps, from now on: not to be trusted, but to be given back, also when no answer comes.
                _confirmed.TryAdd(queue, asked - (long)(Trusted.TotalSeconds * _time.TimestampFrequency));
            }
        }

        try
        {
            string what = $"Locking {queues.Length} queues of broker {broker} for group {group}";
            string address = await connection.RequireAddressAsync(queues[0], masterOnly: true, CancellationToken.None).ConfigureAwait(false);
            using RemotingResponse response = await connection.Calls
                .RequireAsync(address, RequestCode.LockBatchMq, default(EmptyFields), Body(queues), connection.Options.RequestTimeout, what, CancellationToken.None)
                .ConfigureAwait(false);
            LockBatchResponseBody answer = RemoteCalls.Read(
                response, what, address, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.LockBatchResponseBody));
            var locked = answer.LockedQueues.Select(queue => new MessageQueue(queue.Topic, queue.BrokerName, queue.QueueId)).ToHashSet();
            lock (_gate)
            {
                foreach (MessageQueue queue in queues)
                {
                    if (locked.Contains(queue))
                    {
                        // From the asking, not from the answer: the broker's lease began in between.
                        _confirmed[queue] = asked;
                    }
                    else
                    {
                        _confirmed.Remove(queue);
                    }
                }
            }
        }
        catch (ProtoBridgeMqException error)
        {
            connection.Log.LockFailed(group, broker, error.Message);
        }
    }

    private byte[] Body(IEnumerable<MessageQueue> queues) => LenientJson.Write(
        new LockBatchBody
        {
            ClientId = connection.ClientId,
            ConsumerGroup = group,
            Queues = [.. queues.Select(queue => new MessageQueueData { BrokerName = queue.BrokerName, QueueId = queue.QueueId, Topic = queue.Topic })],
        },
        RemotingJson.Bodies.LockBatchBody);
}
