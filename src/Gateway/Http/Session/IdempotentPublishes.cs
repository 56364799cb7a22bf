using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>What a publish with an idempotency key answered.</summary>
/// <param name="Receipt">Where the message is.</param>
/// <param name="IsReplayed">Whether it was stored before.</param>
internal readonly record struct OncePublished(PublishReceipt Receipt, bool IsReplayed);

/// <summary>
/// Publishes with an idempotency key: the message carries the key (<see cref="Idempotency"/>), so what the log has is the truth, whatever
/// died in between. The table here only spares looking it up, and holds a repeated request until the first one has ended.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class IdempotentPublishes
{
    private readonly IMessageBridge _bridge;
    private readonly HttpOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _done = new();

    public IdempotentPublishes(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock)
    {
        _bridge = bridge;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
    }

    /// <summary>Publishes once.</summary>
    /// <param name="user">Whose key it is; empty without access control.</param>
    /// <param name="key">The client's key.</param>
    /// <param name="index">Place in the batch.</param>
    /// <param name="message">Borrowed until this completes.</param>
    /// <param name="turn">Of a batch: its publish begins after those before it have begun; null for one alone.</param>
    /// <exception cref="RefusalException">422: the key was used for another message. 429: too many are under way.</exception>
    public async Task<OncePublished> PublishAsync(string user, string key, int index, PublishMessage message, BatchOrder.Turn? turn = null)
    {
        try
        {
            return await PublishInTurnAsync(user, key, index, message, turn);
        }
        finally
        {
            if (turn is not null)
                await turn.EndAsync();
        }
    }

    private async Task<OncePublished> PublishInTurnAsync(string user, string key, int index, PublishMessage message, BatchOrder.Turn? turn)
    {
        string unique = Idempotency.UniqueKey(user, message.Topic, key, index);
        string digest = Idempotency.Digest(message);
        while (true)
        {
            (Entry entry, bool isMine) = Take(unique, digest);
            if (isMine)
                return await RunAsync(entry, message, turn);

            await entry.Ended.Task;
            if (entry.Receipt is { } known)
            {
                _metrics.IdempotentPublishes.Add(1, new KeyValuePair<string, object?>("outcome", "replayed"));
                return new OncePublished(known, true);
            }

            // The first one failed: this one is the next try.
        }
    }

    private (Entry Entry, bool IsMine) Take(string unique, string digest)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(unique, out Entry? known) && (known.Node is null || _clock.GetElapsedTime(known.DoneAt) < _options.IdempotencyWindow))
                return known.Digest == digest ? (known, false) : throw Mismatch();

            if (known is not null)
                Remove(known);

            if (_entries.Count >= _options.MaxIdempotencyKeys)
                MakeRoom();

            var entry = new Entry(unique, digest);
            _entries.Add(unique, entry);
            _metrics.IdempotencyKeys.Add(1);
            return (entry, true);
        }
    }

    private async Task<OncePublished> RunAsync(Entry entry, PublishMessage message, BatchOrder.Turn? turn)
    {
        PublishReceipt? receipt = null;
        try
        {
            FoundPublish? found = await _bridge.Reader.FindPublishAsync(message.Topic, entry.Unique, _clock.GetUtcNow() - _options.IdempotencyWindow);
            if (found is not null && found.Digest != entry.Digest)
                throw Mismatch();

            receipt = found?.Receipt ?? await StoreAsync(entry, message, turn);
            _metrics.IdempotentPublishes.Add(1, new KeyValuePair<string, object?>("outcome", found is null ? "stored" : "replayed"));
            return new OncePublished(receipt.Value, found is not null);
        }
        finally
        {
            Finish(entry, receipt);
        }
    }

    private async Task<PublishReceipt> StoreAsync(Entry entry, PublishMessage message, BatchOrder.Turn? turn)
    {
        if (turn is not null)
            await turn.Before;

        var properties = default(PropertyTextWriter);
        try
        {
            properties.WriteAll(message.Properties);
            properties.Write(PropertyNames.UniqueKey, entry.Unique);
            properties.Write(PropertyNames.RequestDigest, entry.Digest);
            ValueTask<PublishReceipt> pending = _bridge.PublishAsync(message with { Properties = properties.Written }, CancellationToken.None);
            if (turn is not null)
                await turn.EndAsync();

            return await pending;
        }
        finally
        {
            properties.Dispose();
        }
    }

    private void Finish(Entry entry, PublishReceipt? receipt)
    {
        lock (_gate)
        {
            entry.Receipt = receipt;
            entry.DoneAt = _clock.GetTimestamp();
            if (receipt is null)
                Remove(entry);
            else
                entry.Node = _done.AddLast(entry);
        }

        entry.Ended.SetResult();
    }

    /// <summary>The log has what is forgotten here.</summary>
    private void MakeRoom()
    {
        if (_done.First is not { } oldest)
            throw new BridgeException(BridgeError.Busy, $"{_options.MaxIdempotencyKeys} publishes with an {Idempotency.Header} are under way, the limit.", retryAfter: TimeSpan.FromSeconds(1));

        Remove(oldest.Value);
    }

    private void Remove(Entry entry)
    {
        if (_entries.GetValueOrDefault(entry.Unique) != entry)
            return;

        _entries.Remove(entry.Unique);
        _metrics.IdempotencyKeys.Add(-1);
        if (entry.Node is { } node)
            _done.Remove(node);
    }

    private RefusalException Mismatch()
    {
        _metrics.IdempotentPublishes.Add(1, new KeyValuePair<string, object?>("outcome", "mismatch"));
        return new RefusalException(Problem.IdempotencyMismatch, $"This {Idempotency.Header} was used for another message. Take a new key for a new message.");
    }

    private sealed class Entry(string unique, string digest)
    {
        public string Unique { get; } = unique;

        public string Digest { get; } = digest;

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public PublishReceipt? Receipt { get; set; }

        public long DoneAt { get; set; }

        public LinkedListNode<Entry>? Node { get; set; }
    }
}
