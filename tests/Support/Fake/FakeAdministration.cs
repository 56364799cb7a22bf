using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>Administration of a <see cref="FakeLog"/>.</summary>
public sealed class FakeAdministration : IAdministration, ITopicAdministration, IGroupAdministration, IProtocolClients
{
    private static readonly Dictionary<string, string> NoAttributes = [];

    private readonly FakeLog _log;
    private readonly TimeProvider _clock;

    internal FakeAdministration(FakeLog log, TimeProvider clock)
    {
        _log = log;
        _clock = clock;
        Messages = new FakeMessages(log, clock);
        Broker = new BrokerState("fake", "fake", "127.0.0.1:1", "fake 1", CanWrite: true, CanRead: true, Reason: null) { StartedAt = clock.GetUtcNow() };
    }

    /// <summary>What the broker says of itself; a test may change it.</summary>
    public BrokerState Broker { get; set; }

    /// <summary>Native clients; a test may add some.</summary>
    public List<ClientState> Clients { get; } = [];

    /// <summary>What <see cref="GetBrokersAsync"/> throws, if anything.</summary>
    public BridgeException? Failure { get; set; }

    /// <inheritdoc/>
    public ITopicAdministration Topics => this;

    /// <inheritdoc/>
    public IGroupAdministration Groups => this;

    /// <inheritdoc/>
    public IMessageAdministration Messages { get; }

    /// <inheritdoc/>
    public IProtocolClients NativeClients => this;

    /// <inheritdoc/>
    public string Protocol => "remoting";

    /// <inheritdoc/>
    public long MessagesIn { get; set; }

    /// <inheritdoc/>
    public long MessagesOut { get; set; }

    /// <inheritdoc/>
    public int Connections => Clients.Count;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<BrokerState>> GetBrokersAsync(CancellationToken cancellationToken = default)
        => Failure is null ? ValueTask.FromResult<IReadOnlyList<BrokerState>>([Broker]) : ValueTask.FromException<IReadOnlyList<BrokerState>>(Failure);

    ValueTask<IReadOnlyList<ClientState>> IProtocolClients.ListAsync(CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<ClientState>>([.. Clients]);

    /// <inheritdoc/>
    public ValueTask<bool> DisconnectAsync(string id, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(Clients.RemoveAll(client => client.Id == id) > 0);

    ValueTask<IReadOnlyList<TopicState>> ITopicAdministration.ListAsync(CancellationToken cancellationToken)
        => Locked<IReadOnlyList<TopicState>>(() => [.. _log.Names.Select(StateOf)]);

    ValueTask<TopicState?> ITopicAdministration.FindAsync(string topic, CancellationToken cancellationToken)
        => Locked(() => _log.Find(topic) is null ? null : StateOf(topic));

    /// <inheritdoc/>
    public ValueTask<TopicState> PutAsync(string topic, TopicChange change, CancellationToken cancellationToken = default)
        => Locked(() =>
        {
            _log.Create(topic, change.Queues ?? FakeLog.QueuesOfNewTopic);
            return StateOf(topic);
        });

    ValueTask ITopicAdministration.DeleteAsync(string topic, CancellationToken cancellationToken)
    {
        lock (_log.Gate)
        {
            _log.Delete(topic);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QueueState>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default)
        => Locked<IReadOnlyList<QueueState>>(() =>
        {
            Require(topic);
            return [.. _log.Ends(topic).Select((end, queue) => new QueueState("fake", queue, 0, end, end > 0 ? LastStored(topic, queue) : null))];
        });

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListGroupsAsync(string topic, CancellationToken cancellationToken = default)
        => Locked<IReadOnlyList<string>>(() =>
        {
            Require(topic);
            return [.. _log.Groups.Keys.Where(group => _log.FindGroup(group)?.Topics.Contains(topic) == true).Order(StringComparer.Ordinal)];
        });

    ValueTask<IReadOnlyList<GroupSettings>> IGroupAdministration.ListAsync(CancellationToken cancellationToken)
        => Locked<IReadOnlyList<GroupSettings>>(() => [.. _log.Groups.Values.OrderBy(group => group.Name, StringComparer.Ordinal)]);

    ValueTask<GroupSettings?> IGroupAdministration.FindAsync(string group, CancellationToken cancellationToken)
        => Locked(() => _log.Groups.GetValueOrDefault(group));

    /// <inheritdoc/>
    public ValueTask<GroupSettings> PutAsync(GroupSettings settings, CancellationToken cancellationToken = default)
        => Locked(() => _log.Groups[settings.Name] = settings);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string group, bool removeProgress, CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            _log.Groups.Remove(group);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<GroupMemberState>> ListMembersAsync(string group, CancellationToken cancellationToken = default)
        => Locked<IReadOnlyList<GroupMemberState>>(() => _log.FindGroup(group) is { Streams: { Count: > 0 } streams }
            ? [new GroupMemberState("fake-gateway", "in-process", "DOTNET", 0, true, [.. streams.SelectMany(stream => stream.Request.Topics.Names).Distinct().Select(topic => new MemberSubscription(topic, "*", "TAG"))])]
            : []);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QueueLag>> GetProgressAsync(string group, CancellationToken cancellationToken = default)
        => Locked<IReadOnlyList<QueueLag>>(() => _log.FindGroup(group) is not { } found
            ? []
            : [.. found.Topics.Where(topic => _log.Find(topic) is not null).Order(StringComparer.Ordinal).SelectMany(topic => _log.Ends(topic).Select((end, queue) =>
                new QueueLag(topic, "fake", queue, end - found.Open(topic, queue), end, null)))]);

    /// <inheritdoc/>
    public async ValueTask<long> GetLagAsync(string group, CancellationToken cancellationToken = default)
        => (await GetProgressAsync(group, cancellationToken)).Sum(queue => queue.Lag);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QueueReset>> ResetAsync(OffsetReset reset, CancellationToken cancellationToken = default)
        => Locked<IReadOnlyList<QueueReset>>(() =>
        {
            Require(reset.Topic);
            FakeGroup group = _log.Group(reset.Group, _clock);
            List<QueueReset> queues =
            [
                .. _log.Ends(reset.Topic).Select((end, queue) => new QueueReset("fake", queue, end - group.Open(reset.Topic, queue), TargetOf(reset, queue, end))),
            ];
            if (!reset.DryRun)
            {
                group.Reset(reset.Topic, reset.Time);
            }

            return queues;
        });

    private static TopicKind KindOf(string topic)
        => topic.StartsWith(TopicNames.DeadLetterPrefix, StringComparison.Ordinal) ? TopicKind.DeadLetter
            : topic.StartsWith(TopicNames.RetryPrefix, StringComparison.Ordinal) ? TopicKind.Retry
            : TopicKind.User;

    private long TargetOf(OffsetReset reset, int queue, long end)
        => reset.Time is not { } time
            ? end
            : _log.MessagesOf(reset.Topic).Count(message => message.Receipt.QueueId == queue && message.StoredAt < time);

    private DateTimeOffset LastStored(string topic, int queue)
        => _log.MessagesOf(topic).Where(message => message.Receipt.QueueId == queue).Max(message => message.StoredAt);

    private TopicState StateOf(string topic)
    {
        int queues = _log.Find(topic)!.Queues;
        return new TopicState(topic, KindOf(topic), queues, queues, true, true, NoAttributes);
    }

    private void Require(string topic)
    {
        if (_log.Find(topic) is null)
        {
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {topic}.");
        }
    }

    private ValueTask<T> Locked<T>(Func<T> look)
    {
        lock (_log.Gate)
        {
            try
            {
                return ValueTask.FromResult(look());
            }
            catch (BridgeException refusal)
            {
                return ValueTask.FromException<T>(refusal);
            }
        }
    }
}
