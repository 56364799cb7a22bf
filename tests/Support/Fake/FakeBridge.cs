using System.Runtime.CompilerServices;
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

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>
/// A bridge in memory for tests of fronts. It keeps the contract of the real ones (the same suite runs on it), and
/// beyond that it lets a test see what was published, hold a publish back, and make the next calls fail.
/// </summary>
public sealed class FakeBridge : IMessageBridge, ITopicDirectory, IStateStore
{
    private readonly FakeLog _log;
    private readonly TimeProvider _clock;
    private readonly List<FakePublish> _published = [];
    private readonly Queue<HeldPublish> _held = new();
    private readonly Queue<BridgeException> _publishFailures = new();
    private readonly Queue<BridgeException> _subscribeFailures = new();
    private readonly List<FakeStream> _streams = [];

    /// <summary>Makes a bridge, over a log of its own unless one is given.</summary>
    public FakeBridge(TimeProvider? clock = null, FakeLog? log = null)
    {
        _clock = clock ?? TimeProvider.System;
        _log = log ?? new FakeLog();
        Administration = new FakeAdministration(_log, _clock);
    }

    /// <inheritdoc/>
    public BridgeCapabilities Capabilities { get; set; } = new(
        "fake",
        "memory",
        MaxBodySize: 4 << 20,
        MaxPropertiesSize: 32767,
        DelayLevels: [.. new[] { 1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200 }.Select(s => TimeSpan.FromSeconds(s))],
        DurableState: false);

    /// <inheritdoc/>
    public BridgeStatus Status { get; set; } = BridgeStatus.Ready;

    /// <inheritdoc/>
    public ITopicDirectory Topics => this;

    /// <summary>What operators do; a test may say what brokers answer.</summary>
    public FakeAdministration Administration { get; }

    IAdministration IMessageBridge.Administration => Administration;

    /// <inheritdoc cref="FakeLog.Miss"/>
    public void Miss(string group, long count) => _log.Miss(group, count);

    /// <inheritdoc/>
    public IRetainedMessages Retained => _log.Retained;

    /// <inheritdoc/>
    public IMessageReader Reader => new FakeReader(_log) { BeforeFind = BeforeFindPublish };

    /// <summary>Awaited before a publish is looked up; a look-up takes no time without.</summary>
    public Func<Task>? BeforeFindPublish { get; set; }

    /// <summary>Request-reply and transactions, as brokers of ours have; null where there are none.</summary>
    public FakeExchanges? Exchanges { get; init; }

    /// <inheritdoc/>
    public IRequests? Requests => Exchanges;

    /// <inheritdoc/>
    public ITransactions? Transactions => Exchanges;

    /// <summary>The log, to set limits.</summary>
    public FakeLog Log => _log;

    /// <inheritdoc/>
    public IStateStore State => this;

    /// <inheritdoc/>
    public IFilterQueues? FilterQueues => HasFilterQueues ? _log.FilterQueues : null;

    /// <summary>Whether it has queues of topic filters, as brokers of ours have; set it before a front starts.</summary>
    public bool HasFilterQueues { get; set; } = true;

    /// <summary>Whether a publish or subscribe creates the topic.</summary>
    public bool AutoCreateTopics { get; set; } = true;

    /// <summary>Whether a publish waits for <see cref="CompleteNext"/> or <see cref="FailHeld"/>.</summary>
    public bool HoldPublishes { get; set; }

    /// <inheritdoc cref="IMessageBridge.Brokers"/>
    public IReadOnlyCollection<string> Brokers { get; set; } = [];

    /// <summary>What a put of state waits for, if anything; when it throws, nothing is kept.</summary>
    public Func<Task>? StatePause { get; set; }

    /// <summary>Everything that was published so far, in order of the calls, held ones included.</summary>
    public IReadOnlyList<FakePublish> Published
    {
        get
        {
            lock (_log.Gate)
            {
                return [.. _published];
            }
        }
    }

    /// <summary>How many publishes wait for the test.</summary>
    public int HeldCount
    {
        get
        {
            lock (_log.Gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>The streams opened so far, closed ones included.</summary>
    public IReadOnlyList<FakeStream> Streams
    {
        get
        {
            lock (_log.Gate)
            {
                return [.. _streams];
            }
        }
    }

    /// <summary>The next publish is refused.</summary>
    public void FailNextPublish(BridgeError error, TimeSpan? retryAfter = null, bool mayHaveHappened = false)
    {
        lock (_log.Gate)
        {
            _publishFailures.Enqueue(Injected(error, retryAfter, mayHaveHappened));
        }
    }

    /// <summary>The next subscribe is refused.</summary>
    public void FailNextSubscribe(BridgeError error, TimeSpan? retryAfter = null)
    {
        lock (_log.Gate)
        {
            _subscribeFailures.Enqueue(Injected(error, retryAfter, mayHaveHappened: false));
        }
    }

    /// <summary>Waits until so many publishes were started in all.</summary>
    public Task WaitForPublishesAsync(int count)
        => Eventually.True(() => Published.Count >= count, $"{count} publishes reached the bridge");

    /// <summary>Stores and completes the held publish that waits longest; false when there is none.</summary>
    public bool CompleteNext()
    {
        lock (_log.Gate)
        {
            if (!_held.TryDequeue(out HeldPublish? held))
            {
                return false;
            }

            held.Complete(_log.Append(held.Publish, _clock.GetUtcNow()));
            return true;
        }
    }

    /// <summary>Stores and completes all held publishes.</summary>
    public void CompleteAll()
    {
        while (CompleteNext())
        {
        }
    }

    /// <summary>Refuses the held publish that waits longest; false when there is none.</summary>
    public bool FailHeld(BridgeError error, bool mayHaveHappened = false)
    {
        lock (_log.Gate)
        {
            if (!_held.TryDequeue(out HeldPublish? held))
            {
                return false;
            }

            held.Fail(Injected(error, null, mayHaveHappened));
            return true;
        }
    }

    /// <summary>Stores the held publish that waits longest, and says that nobody knows; false when there is none.</summary>
    public bool LoseNextAnswer()
    {
        lock (_log.Gate)
        {
            if (!_held.TryDequeue(out HeldPublish? held))
            {
                return false;
            }

            _log.Append(held.Publish, _clock.GetUtcNow());
            held.Fail(Injected(BridgeError.Timeout, null, mayHaveHappened: true));
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PublishReceipt> PublishAsync(PublishMessage message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<PublishReceipt> done;
        lock (_log.Gate)
        {
            if (_publishFailures.TryDequeue(out BridgeException? failure))
            {
                throw failure;
            }

            ThrowIfImpossible(message);
            var copy = new FakePublish(
                message.Topic,
                message.Body.ToArray(),
                message.Properties.Text.ToArray(),
                message.OrderingHash,
                message.Delay,
                message.BornAt)
            {
                Retained = message.Retain ? _log.Retained.Begin(message) : null,
            };
            _published.Add(copy);
            if (message.Delay > TimeSpan.Zero)
            {
                AppendLater(copy);
                return default;
            }

            if (!HoldPublishes)
            {
                return _log.Append(copy, _clock.GetUtcNow());
            }

            var held = new HeldPublish(copy);
            _held.Enqueue(held);
            done = held.Done;
        }

        return await done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IMessageStream> SubscribeAsync(SubscribeRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_log.Gate)
        {
            if (_subscribeFailures.TryDequeue(out BridgeException? failure))
            {
                return ValueTask.FromException<IMessageStream>(failure);
            }

            try
            {
                request.ThrowIfInvalid();
                FakeStream stream = request.Kind == StreamKind.Tail
                    ? new FakeTailStream(_log, request, _clock)
                    : new FakeGroupStream(_log, request, _clock);
                _streams.Add(stream);
                return ValueTask.FromResult<IMessageStream>(stream);
            }
            catch (BridgeException refusal)
            {
                return ValueTask.FromException<IMessageStream>(refusal);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask LookBackAsync(LookBack look, CancellationToken cancellationToken = default)
    {
        if (look.Brokers.FirstOrDefault(broker => !Brokers.Contains(broker)) is { } missing)
        {
            return ValueTask.FromException(new BridgeException(BridgeError.Unreachable, $"Broker {missing} is not there."));
        }

        lock (_log.Gate)
        {
            foreach (StoredMessage message in _log.MessagesOf(look.Topic))
            {
                bool inside = message.StoredAt >= look.From && message.StoredAt <= look.To;
                if (inside && !look.Show(new MessageProperties(message.Publish.Properties)))
                {
                    break;
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<TopicInfo?> FindAsync(string topic, CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            return ValueTask.FromResult(_log.Find(topic));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TopicInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            return ValueTask.FromResult(_log.Topics);
        }
    }

    /// <inheritdoc/>
    public ValueTask<TopicInfo> CreateAsync(string topic, int queues, CancellationToken cancellationToken = default)
    {
        if (!TopicNames.IsValid(topic) || queues < 1)
        {
            return ValueTask.FromException<TopicInfo>(new BridgeException(BridgeError.TopicInvalid, "The topic's name or number of queues is not possible."));
        }

        lock (_log.Gate)
        {
            return ValueTask.FromResult(_log.Create(topic, queues));
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string space, string key, CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            return ValueTask.FromResult(_log.State.TryGetValue((space, key), out byte[]? value) ? new ReadOnlyMemory<byte>(value) : (ReadOnlyMemory<byte>?)null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(string space, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        byte[] copy = value.ToArray();
        if (StatePause is { } pause)
        {
            await pause().ConfigureAwait(false);
        }

        lock (_log.Gate)
        {
            _log.SetState(space, key, copy);
            _log.Writes++;
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string space, string key, CancellationToken cancellationToken = default)
    {
        lock (_log.Gate)
        {
            _log.SetState(space, key, null);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IDisposable Watch(string space, StateChange changed)
    {
        (string, StateChange) watch = (space, changed);
        lock (_log.Gate)
        {
            foreach (((string owner, string key), byte[] value) in _log.State)
            {
                if (owner == space)
                {
                    changed(key, null, value);
                }
            }

            _log.StateWatches.Add(watch);
        }

        return new StateUnwatch(_log, watch);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> ListAsync(
        string space,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> found;
        lock (_log.Gate)
        {
            found = [.. _log.State
                .Where(entry => entry.Key.Space == space)
                .Select(entry => KeyValuePair.Create(entry.Key.Key, (ReadOnlyMemory<byte>)entry.Value))];
        }

        await Task.Yield();
        foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in found)
        {
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (FakeStream stream in Streams)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static BridgeException Injected(BridgeError error, TimeSpan? retryAfter, bool mayHaveHappened)
        => new(error, $"The test asked for {error}.", mayHaveHappened, retryAfter);

    private void ThrowIfImpossible(in PublishMessage message)
    {
        TopicNames.ThrowIfInvalid(message.Topic);
        if (message.Body.Length > Capabilities.MaxBodySize)
        {
            throw new BridgeException(BridgeError.MessageTooLarge, $"The body may have {Capabilities.MaxBodySize} bytes.");
        }

        if (message.Properties.Text.Length > Capabilities.MaxPropertiesSize)
        {
            throw new BridgeException(BridgeError.PropertiesInvalid, $"The property text may have {Capabilities.MaxPropertiesSize} bytes.");
        }

        if (message.Retain && message.Delay > TimeSpan.Zero)
        {
            throw new BridgeException(BridgeError.InvalidArgument, "A retained message has no delay.");
        }

        if (message.Delay > Capabilities.DelayLevels[^1] && message.Delay > Capabilities.MaxDelay)
        {
            throw new BridgeException(BridgeError.InvalidArgument, $"A delay is at most {Capabilities.DelayLevels[^1]}.");
        }

        if (!AutoCreateTopics && _log.Find(message.Topic) is null)
        {
            throw new BridgeException(BridgeError.TopicNotFound, $"There is no topic {message.Topic}.");
        }
    }

    private void AppendLater(FakePublish publish)
    {
        ITimer? due = null;
        due = _clock.CreateTimer(
            _ =>
            {
                lock (_log.Gate)
                {
                    due?.Dispose();
                    _log.Append(publish, _clock.GetUtcNow());
                }
            },
            null,
            publish.Delay,
            Timeout.InfiniteTimeSpan);
    }

    private sealed class StateUnwatch(FakeLog log, (string, StateChange) watch) : IDisposable
    {
        public void Dispose()
        {
            lock (log.Gate)
            {
                log.StateWatches.Remove(watch);
            }
        }
    }
}
