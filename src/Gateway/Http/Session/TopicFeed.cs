using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>
/// Tells all readers of a topic where its queues end now. One tail of the topic wakes it, however many readers there are; the readers
/// take the messages from the queues, each at its own place.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TopicFeed(string topic, IMessageBridge bridge, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private const int WakeBatch = 64;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<bool>? _opened;
    private Task _following = Task.CompletedTask;
    private IReadOnlyList<QueueRange> _ends = [];

    public string Topic { get; } = topic;

    /// <summary>Readers of it. Guarded by <see cref="TopicFeeds"/>.</summary>
    public int Readers { get; set; }

    /// <summary>Complete when its tail is in force.</summary>
    public Task<bool> OpenAsync()
    {
        lock (_gate)
            return _opened ??= StartAsync();
    }

    /// <summary>The ends as they were last seen, and a task that ends when they are others.</summary>
    public (IReadOnlyList<QueueRange> Ends, Task Moved) Look()
    {
        lock (_gate)
            return (_ends, _moved.Task);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_opened is { } opened)
            await ((Task)opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<bool> StartAsync()
    {
        IMessageStream tail = await SubscribeAsync();
        try
        {
            Publish(await bridge.Reader.ListQueuesAsync(Topic, _stop.Token));
        }
        catch
        {
            await tail.DisposeAsync();
            throw;
        }

        _following = Task.Run(() => FollowAsync(tail), CancellationToken.None);
        return true;
    }

    private ValueTask<IMessageStream> SubscribeAsync()
        => bridge.SubscribeAsync(new SubscribeRequest { Kind = StreamKind.Tail, Topics = TopicSelection.Of(Topic), Subscriber = "http" }, _stop.Token);

    private async Task FollowAsync(IMessageStream tail)
    {
        using var batch = new MessageBatch();
        await using (tail)
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    await tail.ReceiveAsync(batch, WakeBatch, Timeout.InfiniteTimeSpan, _stop.Token);
                    Publish(await bridge.Reader.ListQueuesAsync(Topic, _stop.Token));
                }
                catch (BridgeException refusal)
                {
                    HttpLog.FeedFailed(log, Topic, refusal.Message);
                    await Task.Delay(RetryPause, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    private void Publish(IReadOnlyList<QueueRange> ends)
    {
        TaskCompletionSource before;
        lock (_gate)
        {
            _ends = ends;
            before = _moved;
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.TrySetResult();
    }
}
