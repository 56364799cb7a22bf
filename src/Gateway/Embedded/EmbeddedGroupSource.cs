using System.Collections.Concurrent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Messages;
using GroupFilter = ProtoBridgeMQ.Bridge.Streams.GroupFilter;
using GroupSubscription = ProtoBridgeMQ.Bridge.Groups.GroupSubscription;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>The gateway as one member of a group of the broker in this process.</summary>
internal sealed class EmbeddedGroupSource : IGroupSource
{
    private readonly IBrokerCore _core;
    private readonly RecordDecoder _decoder;
    private readonly DelayLevels _levels;
    private readonly TimeProvider _clock;
    private readonly string _group;
    private readonly string _retryTopic;
    private readonly string _clientId;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<GroupQueue, QueueArrival> _reads = new();
    private Dictionary<string, IMessageFilter> _filters = new(StringComparer.Ordinal);
    private Dictionary<string, GroupFilter> _expressions = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GatewayMember? _member;
    private long _version;

    public EmbeddedGroupSource(IBrokerCore core, string group, string clientId, RecordDecoder decoder, DelayLevels levels, TimeProvider clock)
    {
        _core = core;
        _group = group;
        _retryTopic = TopicNames.RetryOf(group);
        _clientId = clientId;
        _decoder = decoder;
        _levels = levels;
        _clock = clock;
        core.Topics.Changed += OnTopicChanged;
    }

    public Action? MembersChanging { get; set; }

    public GroupAssignment Assignment
    {
        get
        {
            // The version first: a change meanwhile makes the next look see another one.
            long version = Volatile.Read(ref _version);
            IReadOnlyList<string> members = _core.Groups.ClientIds(_group);
            List<GroupQueue> queues = [];
            foreach (string topic in Volatile.Read(ref _filters).Keys)
            {
                int count = _core.Topics.Find(topic) is { IsReadable: true } found ? found.ReadQueues : 0;
                (int first, int share) = QueueShare.Of(_clientId, members, count);
                for (int i = 0; i < share; i++)
                {
                    queues.Add(new GroupQueue(topic, _core.Options.Name, first + i));
                }
            }

            return new GroupAssignment(version, queues) { IsShared = members.Count > 1 };
        }
    }

    public ValueTask SubscribeAsync(IReadOnlyCollection<GroupSubscription> topics, CancellationToken cancellationToken)
    {
        List<Broker.Core.GroupSubscription> subscriptions = [];
        var filters = new Dictionary<string, IMessageFilter>(StringComparer.Ordinal);
        var expressions = new Dictionary<string, GroupFilter>(StringComparer.Ordinal);
        long version = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (GroupSubscription topic in topics.Append(new GroupSubscription(_retryTopic, GroupFilter.All)))
        {
            if (topic.Topic != _retryTopic && _core.Topics.Find(topic.Topic) is null && !_core.Options.AutoCreateTopics)
            {
                return ValueTask.FromException(BrokerErrors.ToException(SendStatus.TopicNotFound, null, $"topic {topic.Topic}"));
            }

            IMessageFilter filter;
            try
            {
                filter = EmbeddedFilters.Compile(_core, topic.Filter);
            }
            catch (BridgeException refusal)
            {
                return ValueTask.FromException(refusal);
            }

            filters[topic.Topic] = filter;
            expressions[topic.Topic] = topic.Filter;
            subscriptions.Add(new Broker.Core.GroupSubscription(topic.Topic, filter.Expression, version, filter, filter.ExpressionType));
        }

        var member = new GatewayMember(OnMembersChanged)
        {
            Group = _group,
            ClientId = _clientId,
            Subscriptions = subscriptions,
            Address = "gateway",
        };
        Volatile.Write(ref _filters, filters);
        Volatile.Write(ref _expressions, expressions);
        SendStatus joined = _core.Groups.Join(member);
        if (joined != SendStatus.Ok)
        {
            return ValueTask.FromException(BrokerErrors.ToException(joined, null, $"group {_group}"));
        }

        _member = member;
        OnChanged();
        return ValueTask.CompletedTask;
    }

    public async ValueTask<GroupAssignment> WaitForAssignmentAsync(long knownVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                if (_version != knownVersion)
                {
                    return Assignment;
                }
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask<long> FindStartAsync(GroupQueue queue, GroupStart start, CancellationToken cancellationToken)
    {
        if (_core.Offsets.TakeReset(_group, queue.Topic, queue.QueueId, out long reset))
        {
            _core.Offsets.Commit(_group, queue.Topic, queue.QueueId, reset);
            return ValueTask.FromResult(reset);
        }

        long saved = _core.Offsets.Query(_group, queue.Topic, queue.QueueId);
        if (saved < 0)
        {
            saved = start == GroupStart.Earliest
                ? _core.Offsets.Min(queue.Topic, queue.QueueId)
                : _core.Offsets.Max(queue.Topic, queue.QueueId);
            _core.Offsets.Commit(_group, queue.Topic, queue.QueueId, saved);
        }

        return ValueTask.FromResult(saved);
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
        QueueArrival state = _reads.GetOrAdd(queue, static (_, clock) => new QueueArrival(clock), _clock);
        ReadOutcome outcome = ReadNow(queue, offset, maxMessages, maxBytes, state, batch);
        if (outcome.Status == ReadStatus.NoNewMessage && wait > TimeSpan.Zero)
        {
            state.Topic = queue.Topic;
            state.QueueId = queue.QueueId;
            state.Offset = outcome.NextOffset;
            state.Filter = Volatile.Read(ref _filters).GetValueOrDefault(queue.Topic);
            state.Timeout = wait;
            if (!await state.WaitAsync(_core, cancellationToken).ConfigureAwait(false))
            {
                throw new BridgeException(BridgeError.Busy, "the broker's table of waiting reads is full, or the topic is gone");
            }

            outcome = ReadNow(queue, outcome.NextOffset, maxMessages, maxBytes, state, batch);
        }

        return new GroupRead(outcome.NextOffset, outcome.Missed);
    }

    public ValueTask CommitAsync(GroupQueue queue, long offset, CancellationToken cancellationToken)
    {
        if (!IsReset(queue))
        {
            _core.Offsets.Commit(_group, queue.Topic, queue.QueueId, offset);
        }

        return ValueTask.CompletedTask;
    }

    public bool IsReset(GroupQueue queue) => _core.Offsets.IsReset(_group, queue.Topic, queue.QueueId);

    public ValueTask SendBackAsync(HeldMessage message, TimeSpan delay, CancellationToken cancellationToken)
        => SendBackAsync(message, _levels.AtLeast(delay), withoutDelay: delay <= TimeSpan.Zero, TimeOf(delay));

    public ValueTask DeadLetterAsync(HeldMessage message, CancellationToken cancellationToken)
        => SendBackAsync(message, level: -1, withoutDelay: false, deliverAt: 0);

    public ValueTask DisposeAsync()
    {
        _core.Topics.Changed -= OnTopicChanged;
        if (_member is { } member)
        {
            _core.Groups.Leave(member);
        }

        foreach (QueueArrival read in _reads.Values)
        {
            read.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The time of a delay that is no level, where there are timers; else 0: the next level.</summary>
    private long TimeOf(TimeSpan delay)
        => delay > TimeSpan.Zero && !_levels.All.Contains(delay) && _core.Options.TimersEnabled && delay <= _core.Options.TimerMaxDelay
            ? _clock.GetUtcNow().Add(delay).ToUnixTimeMilliseconds()
            : 0;

    private async ValueTask SendBackAsync(HeldMessage message, int level, bool withoutDelay, long deliverAt)
    {
        message.MessageId.TryGetOffset(out _, out long physicalOffset);
        SendOutcome outcome = await _core.SendBackAsync(new SendBackRequest
        {
            Group = _group,
            PhysicalOffset = physicalOffset,
            DelayLevel = level,
            WithoutDelay = withoutDelay,
            DeliverAt = deliverAt,
        }).ConfigureAwait(false);

        // A message that the log does not hold any more has nothing left to come again.
        if (outcome.Status is not (SendStatus.Ok or SendStatus.MessageNotFound))
        {
            throw BrokerErrors.ToException(outcome.Status, outcome.Remark, $"group {_group}");
        }
    }

    private ReadOutcome ReadNow(GroupQueue queue, long offset, int maxMessages, int maxBytes, QueueArrival state, MessageBatch batch)
    {
        Volatile.Read(ref _filters).TryGetValue(queue.Topic, out IMessageFilter? filter);
        GroupFilter expression = Volatile.Read(ref _expressions).GetValueOrDefault(queue.Topic, GroupFilter.All);
        var request = new ReadRequest(queue.Topic, queue.QueueId, offset, maxMessages, maxBytes, filter is { IsAll: true } ? null : filter, _group);
        ReadOutcome outcome = _core.Read(request, state.Records);
        try
        {
            if (outcome.Status is ReadStatus.TopicNotFound or ReadStatus.NoPermission or ReadStatus.QueueInvalid)
            {
                throw BrokerErrors.ToException(outcome.Status, queue.Topic, queue.QueueId);
            }

            for (int i = 0; i < state.Records.Count; i++)
            {
                // The broker compared hashes; two tags may share one.
                if (MessageRecord.TryRead(state.Records[i], out MessageRecord record) != RecordError.None
                    || !RecordDecoder.Passes(record, queue.Topic, expression))
                {
                    continue;
                }

                if (queue.Topic == _retryTopic)
                {
                    _decoder.AddRetry(record, queue.Topic, state.Records.QueueOffset(i), batch);
                }
                else
                {
                    _decoder.Add(record, queue.Topic, state.Records.QueueOffset(i), batch);
                }
            }

            return outcome;
        }
        finally
        {
            state.Records.Clear();
        }
    }

    private void OnMembersChanged()
    {
        MembersChanging?.Invoke();
        OnChanged();
    }

    private void OnTopicChanged(BrokerTopic topic)
    {
        if (Volatile.Read(ref _filters).ContainsKey(topic.Name))
        {
            OnChanged();
        }
    }

    private void OnChanged()
    {
        TaskCompletionSource before;
        lock (_gate)
        {
            _version++;
            before = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.TrySetResult();
    }
}
