using System.Text;
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
                batch.Add(message.CopyInto(batch, attempt: 1, default) with { QueueOffset = entry.Offset });
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReadAtAsync(long offset, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (!_messages.TryGetValue(offset, out StoredMessage? message))
            {
                return ValueTask.FromResult(false);
            }

            batch.Add(message.CopyInto(batch, attempt: 1, default) with { QueueOffset = offset });
            return ValueTask.FromResult(true);
        }
    }

    /// <summary>Forgets the messages that were replaced or removed, as compaction does.</summary>
    public void Compact()
    {
        HashSet<long> live = [.. All().Select(found => found.Entry.Offset)];
        lock (_gate)
        {
            foreach (long offset in _messages.Keys.Where(offset => !live.Contains(offset)).ToArray())
            {
                _messages.Remove(offset);
            }
        }
    }

    /// <summary>Puts the same messages into another one, as reading the log again does.</summary>
    internal void CopyTo(FakeRetained copy)
    {
        foreach (RetainedReference found in All())
        {
            copy._table.Apply(Encoding.UTF8.GetBytes(found.Name), found.Entry);
        }

        lock (_gate)
        {
            copy._next = _next;
            foreach ((long offset, StoredMessage message) in _messages)
            {
                copy._messages.Add(offset, message);
            }
        }
    }

    private List<RetainedReference> All()
    {
        List<RetainedReference> all = [];
        var search = new RetainedSearch("#"u8);
        while (!search.IsDone)
        {
            _table.Continue(search, int.MaxValue, DateTimeOffset.MinValue);
            all.AddRange(search.Found);
        }

        return all;
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
