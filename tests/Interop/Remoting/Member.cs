using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>A push consumer that remembers what it was given.</summary>
internal sealed class Member : IAsyncDisposable
{
    private readonly ConcurrentQueue<ReceivedMessage> _messages = new();
    private readonly PushConsumer _consumer;
    private int _refuse;

    public Member(PushConsumerOptions options, int refuse = 0)
    {
        _refuse = refuse;
        _consumer = new PushConsumer(options, HandleAsync);
    }

    public PushConsumer Consumer => _consumer;

    public IEnumerable<ReceivedMessage> Messages => _messages;

    public IEnumerable<string> Bodies => _messages.Select(Text);

    public static string Text(ReceivedMessage message) => Encoding.UTF8.GetString(message.Body.Span);

    public static async Task UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < (patience ?? TimeSpan.FromSeconds(40)), $"this did not happen: {what}");
            await poll.WaitForNextTickAsync();
        }
    }

    public int Queues(string topic) => _consumer.Assignment.Queues.Count(queue => queue.Topic == topic);

    public void Subscribe(string topic) => _consumer.Subscribe(topic);

    public Task StartAsync(string topic, MessageFilter filter)
    {
        _consumer.Subscribe(topic, filter);
        return _consumer.StartAsync();
    }

    public Task StartAsync(string topic, string expression = "*") => StartAsync(topic, MessageFilter.ByTags(expression));

    public Task HasAsync(int count, TimeSpan? patience = null)
        => UntilAsync(() => _messages.Count >= count, $"{count} messages came; {_messages.Count} did", patience);

    public ValueTask DisposeAsync() => _consumer.DisposeAsync();

    private ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        _messages.Enqueue(message);
        return ValueTask.FromResult(Interlocked.Decrement(ref _refuse) >= 0 ? ConsumeResult.RetryLater : ConsumeResult.Success);
    }
}
