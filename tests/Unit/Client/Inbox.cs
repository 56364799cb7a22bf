using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>What a consumer handled.</summary>
internal sealed class Inbox(Func<ReceivedMessage, ConsumeResult>? handler = null)
{
    private readonly ConcurrentQueue<ReceivedMessage> _messages = new();

    public IReadOnlyCollection<ReceivedMessage> All => _messages;

    public IEnumerable<string> Texts => _messages.Select(message => Encoding.UTF8.GetString(message.Body.Span));

    public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        _messages.Enqueue(message);
        return ValueTask.FromResult(handler?.Invoke(message) ?? ConsumeResult.Success);
    }

    public Task WaitForAsync(int count, TimeSpan? timeout = null)
        => Eventually.True(() => _messages.Count >= count, $"{count} messages were handled", timeout);
}
