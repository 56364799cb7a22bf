using System.Collections.Concurrent;
using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Requests;
using ProtoBridgeMQ.Bridge.Transactions;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>Request-reply and transactions in memory; a test asks the questions.</summary>
public sealed class FakeExchanges(TimeProvider clock) : IRequests, ITransactions
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Reply>> _waiting = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Action<TransactionCheck>> _members = new(StringComparer.Ordinal);
    private int _last;

    /// <summary>How transactions ended, by their ids.</summary>
    public ConcurrentDictionary<string, bool> Ended { get; } = new(StringComparer.Ordinal);

    /// <summary>Producer groups that are joined.</summary>
    public IReadOnlyCollection<string> Groups => [.. _members.Keys];

    /// <summary>Requests that wait.</summary>
    public IReadOnlyCollection<string> Waiting => [.. _waiting.Keys];

    /// <summary>Asks a group about a transaction; false when nobody is there.</summary>
    public bool Ask(string group, string key, string body)
    {
        if (!_members.TryGetValue(group, out Action<TransactionCheck>? asked))
        {
            return false;
        }

        asked(new TransactionCheck(key + ".1", key, new BridgeMessage
        {
            Topic = "orders",
            QueueId = 0,
            QueueOffset = 0,
            MessageId = new MessageId(1, 1),
            BornAt = clock.GetUtcNow(),
            StoredAt = clock.GetUtcNow(),
            Attempt = 1,
            Delivery = default,
            Properties = default,
            Body = System.Text.Encoding.UTF8.GetBytes(body),
        }));
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask<Reply> RequestAsync(PublishMessage message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        string correlation = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        var reply = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[correlation] = reply;
        try
        {
            return await reply.Task.WaitAsync(timeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new BridgeException(BridgeError.Timeout, "No reply came.", mayHaveHappened: true);
        }
        finally
        {
            _waiting.TryRemove(correlation, out _);
        }
    }

    /// <inheritdoc/>
    public ValueTask ReplyAsync(ReplyAddress to, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(to);
        return _waiting.TryRemove(to.CorrelationId, out TaskCompletionSource<Reply>? waiting) && waiting.TrySetResult(new Reply(default, body.ToArray()))
            ? ValueTask.CompletedTask
            : ValueTask.FromException(new BridgeException(BridgeError.DeliveryUnknown, "Nobody waits."));
    }

    /// <inheritdoc/>
    public ValueTask<BegunTransaction> BeginAsync(PublishMessage message, string group, TimeSpan? checkAfter, CancellationToken cancellationToken = default)
    {
        string key = "K" + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        return ValueTask.FromResult(new BegunTransaction(key + ".0", key));
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(string id, bool isCommitted, CancellationToken cancellationToken = default)
    {
        Ended[id] = isCommitted;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IDisposable Join(string group, Action<TransactionCheck> asked)
    {
        _members[group] = asked;
        return new Membership(() => _members.TryRemove(group, out _));
    }

    private sealed class Membership(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
