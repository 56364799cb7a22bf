using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// Everything that is published from the subscription on, read once through the commit log in its order. Nothing is
/// queued for it: a slow stream is only behind in the log.
/// </summary>
internal sealed class TailStream : IMessageStream, IRecordSink
{
    private readonly IBrokerCore _core;
    private readonly ICommitLogTail _tail;
    private readonly RecordDecoder _decoder;
    private readonly TagExpression _filter;
    private readonly TimeProvider _clock;
    private readonly int _readBytes;
    private TopicSelection _selection;
    private MessageBatch? _batch;
    private int _max;
    private bool _closed;

    public TailStream(IBrokerCore core, SubscribeRequest request, RecordDecoder decoder, EmbeddedOptions options, TimeProvider clock)
    {
        _core = core;
        _decoder = decoder;
        _clock = clock;
        _readBytes = options.TailReadBytes;
        _filter = TagExpression.Parse(request.Filter);
        _selection = request.Topics;
        _tail = core.OpenTail();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(MessageBatch batch, int max, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        cancellationToken.ThrowIfCancellationRequested();
        batch.Clear();
        long start = _clock.GetTimestamp();
        while (true)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (Read(batch, max) > 0)
            {
                return batch.Count;
            }

            if (_tail.Behind > 0)
            {
                // Other topics' records; look on, but let others have the thread.
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            bool there = wait == Timeout.InfiniteTimeSpan
                ? await _tail.WaitAsync(cancellationToken).ConfigureAwait(false)
                : await WaitAsync(wait - _clock.GetElapsedTime(start), cancellationToken).ConfigureAwait(false);
            if (!there)
            {
                return Read(batch, max);
            }
        }
    }

    public ValueTask SettleAsync(DeliveryId delivery, Settlement settlement, CancellationToken cancellationToken = default)
        => ValueTask.FromException(new BridgeException(BridgeError.DeliveryUnknown, "A tail stream settles nothing."));

    public ValueTask SelectAsync(TopicSelection topics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        foreach (string topic in topics.Names)
        {
            Bridge.Topics.TopicNames.ThrowIfInvalid(topic);
        }

        // What is read next is judged by it; what will be acknowledged from now on is not read yet.
        Volatile.Write(ref _selection, topics);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (!_closed)
        {
            _closed = true;
            _tail.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    bool IRecordSink.Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
    {
        if (_batch!.Count == _max)
        {
            return false;
        }

        if (MessageRecord.TryRead(record, out MessageRecord message) != RecordError.None
            || !message.TakesQueueOffset
            || _core.Topics.Find(message.Topic) is not { } topic)
        {
            return true;
        }

        TopicSelection selection = Volatile.Read(ref _selection);
        bool wanted = selection.IsAll ? EmbeddedTopics.IsUser(topic) : selection.Names.Contains(topic.Name);
        if (wanted && RecordDecoder.Passes(message, _filter))
        {
            _decoder.Add(message, topic.Name, message.QueueOffset, _batch);
        }

        return true;
    }

    private int Read(MessageBatch batch, int max)
    {
        _batch = batch;
        _max = max;
        _tail.Read(int.MaxValue, _readBytes, this);
        _batch = null;
        return batch.Count;
    }

    private async ValueTask<bool> WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait <= TimeSpan.Zero)
        {
            return false;
        }

        using var timer = new CancellationTokenSource(wait, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await _tail.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
