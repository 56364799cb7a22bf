using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;

namespace ProtoBridgeMQ.Tests.Support.Fake;

/// <summary>Retained messages in memory; part of a <see cref="FakeLog"/>, so that they outlive a bridge.</summary>
public sealed class FakeRetained : IRetainedMessages
{
    private readonly Dictionary<long, StoredMessage> _messages = [];
    private readonly Lock _gate = new();
    private RetainedTable _table = new(new RetainedOptions());
    private RetainedOptions _options = new();
    private long _next;

    /// <summary>Limits; set before the first message.</summary>
    public RetainedOptions Options
    {
        get => _options;
        set
        {
            _options = value;
            _table = new RetainedTable(value);
        }
    }

    /// <inheritdoc/>
    public int Count => _table.Count;

    /// <inheritdoc/>
    public long Bytes => _table.Bytes;

    /// <inheritdoc/>
    public ValueTask CatchUpAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public void Continue(RetainedSearch search, int max, DateTimeOffset now) => _table.Continue(search, max, now);

    /// <inheritdoc/>
    public ValueTask ReadAsync(RetainedReference found, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_table.TryFind(found.Key, out RetainedEntry entry) && _messages.TryGetValue(entry.Offset, out StoredMessage? message))
            {
                batch.Add(message.CopyInto(batch, attempt: 1, default));
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(_table.TakeExpired(now.ToUnixTimeMilliseconds(), int.MaxValue).Count);

    /// <summary>Throws when a limit is reached.</summary>
    internal RetainedWrite Begin(in PublishMessage message) => _table.Begin(RetainedRecord.NameOf(message), RetainedRecord.SizeOf(message));

    internal void Keep(StoredMessage stored, in RetainedWrite write)
    {
        FakePublish publish = stored.Publish;
        lock (_gate)
        {
            long offset = _next++;
            _messages.Add(offset, stored);
            int size = publish.Body.Length == 0 ? 0 : publish.Body.Length + publish.Properties.Length;
            _table.End(write, new RetainedEntry(offset, size, size == 0 ? 0 : RetainedRecord.ExpiryOf(new MessageProperties(publish.Properties))));
        }
    }
}
