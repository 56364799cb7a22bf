using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>What tail and group streams have in common: waiting for the first message.</summary>
public abstract class FakeStream : IMessageStream
{
    private readonly TimeProvider _clock;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    private protected FakeStream(FakeLog log, SubscribeRequest request, TimeProvider clock)
    {
        Log = log;
        Request = request;
        Selection = request.Topics;
        _clock = clock;
    }

    /// <summary>As the front asked.</summary>
    public SubscribeRequest Request { get; }

    /// <summary>What it receives now.</summary>
    public TopicSelection Selection { get; private protected set; }

    private protected FakeLog Log { get; }

    /// <inheritdoc/>
    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancellationToken.ThrowIfCancellationRequested();
        batch.Clear();
        long start = _clock.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (Log.Gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (Take(batch, max) is var taken and > 0)
                {
                    return taken;
                }

                changed = _changed.Task;
            }

            TimeSpan left = wait == Timeout.InfiniteTimeSpan ? wait : wait - _clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero && left != Timeout.InfiniteTimeSpan)
            {
                return 0;
            }

            try
            {
                await changed.WaitAsync(left, _clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return 0;
            }
        }
    }

    /// <inheritdoc/>
    public abstract ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (Log.Gate)
        {
            if (!_closed)
            {
                _closed = true;
                Leave();
                Wake();
            }
        }

        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    internal void Wake()
    {
        TaskCompletionSource before = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
    }

    private protected abstract int Take(MessageBatch batch, int max);

    private protected abstract void Leave();
}

/// <summary>Receives every message of its selection from its subscription on.</summary>
public sealed class FakeTailStream : FakeStream
{
    private readonly Queue<StoredMessage> _waiting = new();
    private readonly TagExpression _filter;

    internal FakeTailStream(FakeLog log, SubscribeRequest request, TimeProvider clock)
        : base(log, request, clock)
    {
        _filter = TagExpression.Parse(request.Filter);
        log.Tails.Add(this);
    }

    /// <inheritdoc/>
    public override ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
        => ValueTask.FromException(new BridgeException(BridgeError.DeliveryUnknown, "A tail stream settles nothing."));

    /// <inheritdoc/>
    public override ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default)
    {
        lock (Log.Gate)
        {
            Selection = topics;
        }

        return ValueTask.CompletedTask;
    }

    internal void Offer(StoredMessage message)
    {
        new MessageProperties(message.Publish.Properties).TryGet(PropertyNames.Tags, out ReadOnlySpan<byte> tag);
        string topic = message.Publish.Topic;
        bool wanted = Selection.IsAll ? !TopicNames.IsGroupTopic(topic) : Selection.Contains(topic);
        if (wanted && _filter.Matches(tag))
        {
            _waiting.Enqueue(message);
            Wake();
        }
    }

    private protected override int Take(MessageBatch batch, int max)
    {
        int taken = 0;
        while (taken < max && _waiting.TryDequeue(out StoredMessage? message))
        {
            batch.Add(message.CopyInto(batch, attempt: 1, default));
            taken++;
        }

        return taken;
    }

    private protected override void Leave() => Log.Tails.Remove(this);
}
