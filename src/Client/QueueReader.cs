using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>Reads queues at offsets that the caller keeps, and a group's progress: the layer under the consumers.</summary>
/// <remarks>Thread safe. It has nothing to dispose: the connection belongs to the caller.</remarks>
public sealed class QueueReader
{
    /// <summary>A group that every broker has, for those who read without one.</summary>
    public const string DefaultGroup = "TOOLS_CONSUMER";

    private const int SearchBatch = 32;
    private const int HoldFlag = 2;

    /// <summary>
    /// Apache's brokers look at the pulls they hold every 5 seconds, so they answer up to so much later than asked. Who does not wait for that answer
    /// misses what is told in it once: that an operator set the progress.
    /// </summary>
    private static readonly TimeSpan HeldLonger = TimeSpan.FromSeconds(5);
    private const int SubscriptionFlag = 4;

    private readonly ClusterConnection _connection;
    private readonly HeaderText _group;
    private readonly FirstCommits _firstCommits = new();

    /// <summary>Makes a reader.</summary>
    /// <param name="connection">The cluster; stays the caller's.</param>
    /// <param name="group">The group in whose name queues are read and progress is kept.</param>
    public QueueReader(ClusterConnection connection, string group = DefaultGroup)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Names.RequireGroup(group);
        _connection = connection;
        Group = group;
        _group = new HeaderText(group);
    }

    /// <summary>The group.</summary>
    public string Group { get; }

    /// <summary>The queues of a topic that can be read, in order; none when it does not exist.</summary>
    /// <exception cref="ProtoBridgeMqException">No name server answers.</exception>
    public async ValueTask<IReadOnlyList<MessageQueue>> ListQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        _connection.EnsureStarted();
        TopicRoute? route = await _connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false);
        return route?.ReadQueues ?? [];
    }

    /// <summary>Pulls from a queue: at once what is there, otherwise it waits for the next message.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="offset">The first offset wanted.</param>
    /// <param name="maxMessages">At least 1; the broker may answer with fewer (it has limits of its own).</param>
    /// <param name="wait">How long the broker holds the pull when nothing is there; zero answers at once.</param>
    /// <param name="filter">Tag expression. The broker compares hashes: look at <see cref="MessageView.Tag"/> too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Owned by the caller, who disposes it.</returns>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached, refuses, or answers nonsense.</exception>
    public ValueTask<PullResult> PullAsync(
        MessageQueue queue, long offset, int maxMessages, TimeSpan wait, string filter = "*", CancellationToken cancellationToken = default)
        => PullAsync(queue, offset, maxMessages, wait, MessageFilter.ByTags(filter), cancellationToken);

    /// <param name="queue">The queue.</param>
    /// <param name="offset">The first offset wanted.</param>
    /// <param name="maxMessages">At least 1; the broker may answer with fewer (it has limits of its own).</param>
    /// <param name="wait">How long the broker holds the pull when nothing is there; zero answers at once.</param>
    /// <param name="filter">Which messages. Of tags the broker compares hashes: look at <see cref="MessageView.Tag"/> too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="PullAsync(MessageQueue, long, int, TimeSpan, string, CancellationToken)"/>
    public ValueTask<PullResult> PullAsync(
        MessageQueue queue, long offset, int maxMessages, TimeSpan wait, MessageFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return PullOnceAsync(queue, offset, maxMessages, wait, filter, cancellationToken);
    }

    /// <summary>The oldest offset of a queue.</summary>
    public async ValueTask<long> GetMinOffsetAsync(MessageQueue queue, CancellationToken cancellationToken = default)
    {
        var header = new GetMinOffsetRequestHeader { Topic = queue.Topic, QueueId = queue.QueueId };
        return await OffsetAsync(queue, RequestCode.GetMinOffset, header, "oldest offset", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One behind the newest offset of a queue: where the next message will be.</summary>
    public async ValueTask<long> GetMaxOffsetAsync(MessageQueue queue, CancellationToken cancellationToken = default)
    {
        var header = new GetMaxOffsetRequestHeader { Topic = queue.Topic, QueueId = queue.QueueId };
        return await OffsetAsync(queue, RequestCode.GetMaxOffset, header, "newest offset", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Where the next message will be, counting those that are stored and cannot be read yet. A broker of this project answers when they can;
    /// Apache's of 4.x do not know the difference.
    /// </summary>
    internal async ValueTask<long> GetStoredEndAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        var header = new GetMaxOffsetRequestHeader { Topic = queue.Topic, QueueId = queue.QueueId, Committed = false };
        return await OffsetAsync(queue, RequestCode.GetMaxOffset, header, "end", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The offset of the first message of a queue that was stored at or after a time.</summary>
    public async ValueTask<long> SearchOffsetAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default)
    {
        // Brokers before RocketMQ 5 answer with the message nearest to a time, and with any one of those of the same millisecond: none of
        // those that are wanted lies before what they answer for the millisecond before.
        long wanted = time.ToUnixTimeMilliseconds();
        var header = new SearchOffsetRequestHeader { Topic = queue.Topic, QueueId = queue.QueueId, Timestamp = Math.Max(0, wanted - 1) };
        long offset = await OffsetAsync(queue, RequestCode.SearchOffsetByTimestamp, header, "offset at a time", cancellationToken).ConfigureAwait(false);
        while (true)
        {
            using PullResult some = await PullAsync(queue, offset, SearchBatch, TimeSpan.Zero, "*", cancellationToken).ConfigureAwait(false);
            long before = offset;
            foreach (MessageView message in some)
            {
                if (message.StoreTimestamp >= wanted)
                {
                    return offset;
                }

                offset = message.QueueOffset + 1;
            }

            if (offset == before)
            {
                return offset;
            }
        }
    }

    /// <summary>The group's progress in a queue; null when it has none.</summary>
    public async ValueTask<long?> GetCommittedAsync(MessageQueue queue, CancellationToken cancellationToken = default)
    {
        string address = await _connection.RequireAddressAsync(queue, masterOnly: false, cancellationToken).ConfigureAwait(false);
        string what = $"Asking for the progress of group {Group} in {queue}";
        var header = new QueryConsumerOffsetRequestHeader
        {
            ConsumerGroup = Group,
            Topic = queue.Topic,
            QueueId = queue.QueueId,
            SetZeroIfNotFound = false,
        };
        using RemotingResponse response = await _connection.Calls
            .InvokeAsync(address, RequestCode.QueryConsumerOffset, header, default, _connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => RemoteCalls.Read(response, what, address, static answer => (long?)answer.Fields.GetInt64("offset"u8)),
            ResponseCode.QueryNotFound => null,
            _ => throw CallErrors.Refused(response, what, address),
        };
    }

    /// <summary>Saves the group's progress: every message of the queue before this offset is done.</summary>
    public ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default)
        => _firstCommits.RunAsync(queue, offset, SaveAsync, cancellationToken);

    /// <summary>Where the group starts in a queue: its progress, or else by <paramref name="from"/>.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="from">Where to begin without progress. A retry topic always begins at its oldest message.</param>
    /// <param name="time">For <see cref="ConsumeFrom.Timestamp"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<StartOffset> FindStartAsync(
        MessageQueue queue, ConsumeFrom from, DateTimeOffset time, CancellationToken cancellationToken = default)
        => await GetCommittedAsync(queue, cancellationToken).ConfigureAwait(false) is { } committed
            ? new StartOffset(committed, true)
            : new StartOffset(await FirstStartAsync(queue, from, time, cancellationToken).ConfigureAwait(false), false);

    /// <summary>
    /// Gives a message back to the group: it comes again through the group's retry topic, counted as one more try;
    /// after the last one it becomes a dead letter. Complete when the broker has stored it.
    /// </summary>
    /// <param name="queue">The queue it was read from.</param>
    /// <param name="logOffset">Its position in the log.</param>
    /// <param name="originalTopic">The topic it was first sent to.</param>
    /// <param name="delayLevel">0: the broker chooses by the number of tries; below 0: a dead letter now; else the delay level.</param>
    /// <param name="maxReconsumeTimes">Tries before it is a dead letter; null leaves it to the broker's setting of the group.</param>
    /// <param name="originMessageId">Its offset message id, which stays with it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask SendBackAsync(
        MessageQueue queue,
        long logOffset,
        string originalTopic,
        int delayLevel,
        int? maxReconsumeTimes,
        string? originMessageId,
        CancellationToken cancellationToken = default)
    {
        string address = await _connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        var header = new ConsumerSendMsgBackRequestHeader
        {
            Offset = logOffset,
            Group = Group,
            DelayLevel = delayLevel,
            OriginMessageId = originMessageId,
            OriginTopic = originalTopic,
            MaxReconsumeTimes = maxReconsumeTimes,
        };
        using RemotingResponse response = await _connection.Calls
            .RequireAsync(
                address,
                RequestCode.ConsumerSendMsgBack,
                header,
                default,
                _connection.Options.RequestTimeout,
                $"Sending back a message of {queue} for group {Group}",
                cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Gives a message back to the group without a delay, which <see cref="SendBackAsync"/> cannot: it is read again
    /// and sent to the group's retry topic, counted as one more try; after the last one the broker makes it a dead letter.
    /// </summary>
    /// <param name="queue">The queue it was read from.</param>
    /// <param name="offset">Its position in the queue.</param>
    /// <param name="maxReconsumeTimes">Tries before it is a dead letter; null leaves it to the broker's setting of the group.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the message is no longer in the queue.</returns>
    public async ValueTask<bool> SendBackNowAsync(
        MessageQueue queue, long offset, int? maxReconsumeTimes, CancellationToken cancellationToken = default)
    {
        string address = await _connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        using PullResult result = await PullAsync(queue, offset, 1, TimeSpan.Zero, MessageFilter.All, cancellationToken).ConfigureAwait(false);
        if (Redelivery.Make(result, offset, Group, _group, maxReconsumeTimes) is not { } again)
        {
            return false;
        }

        using RemotingResponse response = await _connection.Calls
            .RequireAsync(
                address,
                RequestCode.SendMessageV2,
                new SendMessageRequestHeaderV2(again.Header),
                again.Body,
                _connection.Options.RequestTimeout,
                $"Sending back a message of {queue} for group {Group}",
                cancellationToken)
            .ConfigureAwait(false);
        return true;
    }

    /// <summary>Where a group without progress starts in a queue.</summary>
    internal ValueTask<long> FindFirstAsync(MessageQueue queue, ConsumeFrom from, DateTimeOffset time, CancellationToken cancellationToken)
        => FirstStartAsync(queue, from, time, cancellationToken);

    private async ValueTask SaveAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        try
        {
            await SaveOnceAsync(queue, offset, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestRefusedException error) when (error.Reason == RefusalReason.GroupNotFound)
        {
            // Apache's brokers of 5 take progress only of groups they know, and get to know a group by its first pull.
            using (await PullOnceAsync(queue, offset, 1, TimeSpan.Zero, MessageFilter.All, cancellationToken).ConfigureAwait(false))
            {
                await SaveOnceAsync(queue, offset, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask SaveOnceAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        string address = await _connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        var header = new UpdateConsumerOffsetRequestHeader
        {
            ConsumerGroup = Group,
            Topic = queue.Topic,
            QueueId = queue.QueueId,
            CommitOffset = offset,
        };
        using RemotingResponse response = await _connection.Calls
            .RequireAsync(
                address,
                RequestCode.UpdateConsumerOffset,
                header,
                default,
                _connection.Options.RequestTimeout,
                $"Committing the progress of group {Group} in {queue}",
                cancellationToken)
            .ConfigureAwait(false);
    }

    private async ValueTask<PullResult> PullOnceAsync(
        MessageQueue queue, long offset, int maxMessages, TimeSpan wait, MessageFilter filter, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxMessages);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        string address = await _connection.RequireAddressAsync(queue, masterOnly: false, cancellationToken).ConfigureAwait(false);
        var header = new PullMessageRequestHeader
        {
            ConsumerGroup = _group,
            Topic = _connection.Routes.Entry(queue.Topic).Name,
            QueueId = queue.QueueId,
            QueueOffset = offset,
            MaxMessages = maxMessages,
            SystemFlag = wait > TimeSpan.Zero ? HoldFlag | SubscriptionFlag : SubscriptionFlag,
            CommitOffset = 0,
            SuspendTimeoutMillis = (long)wait.TotalMilliseconds,
            Subscription = filter.Header,
            SubscriptionVersion = 0,
            ExpressionType = filter.TypeHeader,
        };
        const string What = "A pull";
        TimeSpan timeout = _connection.Options.RequestTimeout + (wait > TimeSpan.Zero ? wait + HeldLonger : TimeSpan.Zero);
        RemotingResponse response = await _connection.Calls
            .InvokeAsync(address, RequestCode.PullMessage, header, default, timeout, What, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            return Read(response, queue, address);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private PullResult Read(RemotingResponse response, MessageQueue queue, string address)
    {
        PullStatus status = response.Code switch
        {
            ResponseCode.Success => PullStatus.Found,
            ResponseCode.PullNotFound => PullStatus.NoNewMessages,
            ResponseCode.PullRetryImmediately => PullStatus.NoMatchingMessages,
            ResponseCode.PullOffsetMoved => PullStatus.OffsetIllegal,
            _ => throw CallErrors.Refused(response, $"A pull from {queue} for group {Group}", address),
        };
        PullMessageResponseHeader header = RemoteCalls.Read(
            response, "A pull", address, static answer => PullMessageResponseHeader.Read(answer.Fields));
        return new PullResult(
            response, queue, status, header.NextBeginOffset, header.MinOffset, header.MaxOffset, _connection.Options.MaxBodySize, address);
    }

    private async ValueTask<long> FirstStartAsync(MessageQueue queue, ConsumeFrom from, DateTimeOffset time, CancellationToken cancellationToken)
    {
        if (from == ConsumeFrom.First || Names.IsRetryTopic(queue.Topic))
        {
            return await GetMinOffsetAsync(queue, cancellationToken).ConfigureAwait(false);
        }

        return from == ConsumeFrom.Timestamp
            ? await SearchOffsetAsync(queue, time, cancellationToken).ConfigureAwait(false)
            : await GetMaxOffsetAsync(queue, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<long> OffsetAsync<THeader>(
        MessageQueue queue, int code, THeader header, string whatOffset, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        _connection.EnsureStarted();
        string address = await _connection.RequireAddressAsync(queue, masterOnly: true, cancellationToken).ConfigureAwait(false);
        string what = $"Asking for the {whatOffset} of {queue}";
        using RemotingResponse response = await _connection.Calls
            .RequireAsync(address, code, header, default, _connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
        return RemoteCalls.Read(response, what, address, static answer => answer.Fields.GetInt64("offset"u8));
    }
}

/// <summary>Where a group starts in a queue.</summary>
/// <param name="Offset">The first offset to read.</param>
/// <param name="IsCommitted">Whether it is the group's saved progress; false when the group has none yet.</param>
public readonly record struct StartOffset(long Offset, bool IsCommitted);
