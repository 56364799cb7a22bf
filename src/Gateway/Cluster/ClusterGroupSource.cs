using System.Collections.Concurrent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>The gateway as one member of a group of the cluster.</summary>
internal sealed class ClusterGroupSource(ClusterConnection connection, string group, DelaySteps levels, ILogger log) : IGroupSource
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly QueueReader _reader = new(connection, group);
    private readonly GroupMember _member = new(connection, new GroupMemberOptions { Group = group, From = ConsumeFrom.First });
    private readonly ConcurrentDictionary<long, GroupAssignment> _assignments = new();
    private readonly ConcurrentDictionary<GroupQueue, long> _resets = new();
    private volatile Dictionary<string, GroupFilter> _filters = new(StringComparer.Ordinal);

    // The cluster tells its members at the same time.
    public Action? MembersChanging { get; set; }

    public GroupAssignment Assignment => Translate(_member.Assignment);

    public async ValueTask SubscribeAsync(IReadOnlyCollection<GroupSubscription> topics, CancellationToken cancellationToken)
    {
        _filters = topics.ToDictionary(topic => topic.Topic, topic => topic.Filter, StringComparer.Ordinal);
        await ClusterErrors.TranslateAsync(_member.SubscribeAsync(
            topics.ToDictionary(topic => topic.Topic, topic => ClusterReader.FilterOf(topic.Filter), StringComparer.Ordinal),
            cancellationToken)).ConfigureAwait(false);
    }

    public async ValueTask<GroupAssignment> WaitForAssignmentAsync(long knownVersion, CancellationToken cancellationToken)
        => Translate(await _member.WaitForAssignmentAsync(knownVersion, cancellationToken).ConfigureAwait(false));

    public async ValueTask<long> FindStartAsync(GroupQueue queue, GroupStart start, CancellationToken cancellationToken)
    {
        if (_resets.TryRemove(queue, out long reset))
        {
            await CommitAsync(queue, reset, cancellationToken).ConfigureAwait(false);
            return reset;
        }

        MessageQueue at = Native(queue);
        ConsumeFrom from = start == GroupStart.Earliest ? ConsumeFrom.First : ConsumeFrom.Last;
        StartOffset found = await ClusterErrors.TranslateAsync(_reader.FindStartAsync(at, from, default, cancellationToken)).ConfigureAwait(false);
        if (!found.IsCommitted)
        {
            await CommitAsync(queue, found.Offset, cancellationToken).ConfigureAwait(false);
        }

        return found.Offset;
    }

    public async ValueTask<GroupRead> ReadAsync(
        GroupQueue queue,
        long offset,
        int maxMessages,
        int maxBytes,
        TimeSpan wait,
        MessageBatch batch,
        CancellationToken cancellationToken)
    {
        MessageQueue at = Native(queue);
        GroupFilter filter = _filters.GetValueOrDefault(queue.Topic, GroupFilter.All);
        using PullResult result = await ClusterErrors
            .TranslateAsync(_reader.PullAsync(at, offset, maxMessages, wait, ClusterReader.FilterOf(filter), cancellationToken))
            .ConfigureAwait(false);
        if (result.Status == PullStatus.OffsetIllegal && result.NextOffset < offset)
        {
            // An operator set progress back (or the queue was cut): so the broker tells readers.
            _resets[queue] = result.NextOffset;
            // The reader is taken out within moments and begins again there; until then it need not ask.
            await Task.Delay(wait + AskAgain, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            return new GroupRead(offset);
        }

        try
        {
            long next = Copy(result, offset, maxBytes, filter, batch);
            return new GroupRead(next, result.Status == PullStatus.OffsetIllegal ? Math.Max(0, next - offset) : 0);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public bool IsReset(GroupQueue queue) => _resets.ContainsKey(queue);

    public ValueTask CommitAsync(GroupQueue queue, long offset, CancellationToken cancellationToken)
        => IsReset(queue) ? ValueTask.CompletedTask : ClusterErrors.TranslateAsync(_reader.CommitAsync(Native(queue), offset, cancellationToken));

    public async ValueTask SendBackAsync(HeldMessage message, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
        {
            await SendBackAsync(message, levels.AtLeast(delay), cancellationToken).ConfigureAwait(false);
            return;
        }

        bool there = await ClusterErrors
            .TranslateAsync(_reader.SendBackNowAsync(Native(message.Queue), message.QueueOffset, null, cancellationToken))
            .ConfigureAwait(false);
        if (!there)
        {
            throw new BridgeException(BridgeError.DeliveryUnknown, $"The message at offset {message.QueueOffset} of {Native(message.Queue)} is not kept any more.");
        }
    }

    public ValueTask DeadLetterAsync(HeldMessage message, CancellationToken cancellationToken)
        => SendBackAsync(message, -1, cancellationToken);

    public ValueTask DisposeAsync() => _member.DisposeAsync();

    private static MessageQueue Native(GroupQueue queue) => new(queue.Topic, queue.Broker, queue.QueueId);

    /// <summary>Copies what passes the filter until the bytes are reached; the answer is where the next read goes on.</summary>
    private long Copy(PullResult result, long offset, int maxBytes, GroupFilter filter, MessageBatch batch)
    {
        long bytes = 0;
        int count = 0;
        foreach (MessageView view in result)
        {
            if (view.QueueOffset < offset || !Passes(view, result.Queue.Topic, filter))
            {
                continue;
            }

            bytes += view.StoredBody.Length + view.PropertyText.Length;
            if (count > 0 && bytes > maxBytes)
            {
                return view.QueueOffset;
            }

            MessageCopy.Add(view, result.Queue, batch, log);
            count++;
        }

        return result.Status == PullStatus.OffsetIllegal ? result.NextOffset : Math.Max(offset, result.NextOffset);
    }

    private static bool Passes(in MessageView view, string topic, GroupFilter filter)
    {
        ReadOnlySpan<byte> keptName = default;
        if (filter.Names is not null)
        {
            PropertyText.TryGet(view.PropertyText, PropertyNames.MqttTopic, out keptName);
        }

        return filter.Matches(topic, view.Tag, keptName);
    }

    private ValueTask SendBackAsync(HeldMessage message, int level, CancellationToken cancellationToken)
    {
        message.MessageId.TryGetOffset(out _, out long logOffset);
        return ClusterErrors.TranslateAsync(_reader.SendBackAsync(
            Native(message.Queue), logOffset, message.Topic, level, null, message.MessageId.ToString(), cancellationToken));
    }

    /// <summary>The same object for the same version: it is asked for often.</summary>
    private GroupAssignment Translate(QueueAssignment assignment)
    {
        if (_assignments.TryGetValue(assignment.Version, out GroupAssignment? known))
        {
            return known;
        }

        _assignments.Clear();
        return _assignments[assignment.Version] = new GroupAssignment(
            assignment.Version,
            [.. assignment.Queues.Select(queue => new GroupQueue(queue.Topic, queue.BrokerName, queue.QueueId))]);
    }
}
