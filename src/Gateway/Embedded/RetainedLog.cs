using System.Buffers;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Messages;
using PropertyTextWriter = ProtoBridgeMQ.Bridge.Messages.PropertyTextWriter;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// Retained messages as the latest records of one queue of a compacted topic of their own. Memory has their names and
/// offsets; the messages are read from the log when somebody subscribes.
/// </summary>
internal sealed class RetainedLog : IRetainedMessages, IAsyncDisposable
{
    private const int RemovedAtOnce = 256;
    private static readonly TimeSpan DispatchWait = TimeSpan.FromSeconds(5);

    private readonly IBrokerCore _core;
    private readonly RecordDecoder _decoder;
    private readonly TimeProvider _clock;
    private readonly RetainedTable _table;
    private readonly RetainedFollower _follower;
    private readonly Lock _appending = new();
    private int _writes;

    private RetainedLog(IBrokerCore core, EmbeddedOptions options, RecordDecoder decoder, TimeProvider clock, ILogger log, CancellationToken opening)
    {
        _core = core;
        _decoder = decoder;
        _clock = clock;
        _table = new RetainedTable(options.Retained);
        long end = core.Offsets.Max(EmbeddedTopics.Retained, 0);
        long records = core.ReadAllLatest(EmbeddedTopics.Retained, 0, new TableSink(_table, log, opening));
        log.RetainedRead(_table.Count, records);
        _follower = new RetainedFollower(core, end, new TableSink(_table, log, CancellationToken.None), _table.Followed);
        _follower.Start(log);
    }

    public int Count => _table.Count;

    public long Bytes => _table.Bytes;

    /// <summary>Finds or makes the topic and reads where its messages are.</summary>
    public static RetainedLog Open(IBrokerCore core, EmbeddedOptions options, RecordDecoder decoder, TimeProvider clock, ILogger log, CancellationToken cancellationToken)
    {
        if (core.Topics.Find(EmbeddedTopics.Retained) is null)
        {
            SendStatus made = core.Topics.Put(new BrokerTopic { Name = EmbeddedTopics.Retained, ReadQueues = 1, WriteQueues = 1, Attributes = TopicAttributes.Compacted });
            if (made != SendStatus.Ok)
            {
                throw BrokerErrors.ToException(made, null, $"topic {EmbeddedTopics.Retained}");
            }
        }

        return new RetainedLog(core, options, decoder, clock, log, cancellationToken);
    }

    public ValueTask CatchUpAsync(CancellationToken cancellationToken = default) => _follower.CatchUpAsync(cancellationToken);

    public void Continue(RetainedSearch search, int max, DateTimeOffset now) => _table.Continue(search, max, now);

    public async ValueTask ReadAsync(RetainedReference found, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        RetainedEntry entry = found.Entry;
        while (!await ReadAtAsync(entry.Offset, batch, cancellationToken).ConfigureAwait(false))
        {
            // It was replaced, and compaction took the old record.
            if (!_table.TryFind(found.Key, out RetainedEntry present) || present.Offset == entry.Offset)
            {
                return;
            }

            entry = present;
        }
    }

    public async ValueTask<bool> ReadAtAsync(long offset, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        var sink = new OneSink(_decoder, batch, offset);
        var request = new ReadRequest(EmbeddedTopics.Retained, 0, offset, 1, 1);
        ReadOutcome outcome = _core.Read(request, sink);
        if (outcome.Status is ReadStatus.NoNewMessage or ReadStatus.OffsetTooLarge or ReadStatus.QueueEmpty)
        {
            // Durable, and not yet dispatched.
            using var arrival = new QueueArrival(_clock) { Topic = EmbeddedTopics.Retained, QueueId = 0, Offset = offset, Timeout = DispatchWait };
            await arrival.WaitAsync(_core, cancellationToken).ConfigureAwait(false);
            _core.Read(request, sink);
        }

        return sink.Added;
    }

    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        int removed = 0;
        while (_core.Status.Writable)
        {
            List<Task> writes = [];
            lock (_appending)
            {
                // A write that runs could be of the same name, and before the removal in the log.
                if (Volatile.Read(ref _writes) > 0)
                {
                    break;
                }

                foreach (RetainedReference expired in _table.TakeExpired(now.ToUnixTimeMilliseconds(), RemovedAtOnce))
                {
                    writes.Add(RemoveAsync(expired.Key));
                }
            }

            await Task.WhenAll(writes).ConfigureAwait(false);
            removed += writes.Count;
            if (writes.Count < RemovedAtOnce)
            {
                break;
            }
        }

        return removed;
    }

    public ValueTask DisposeAsync() => _follower.DisposeAsync();

    /// <summary>Begins to keep a message.</summary>
    /// <exception cref="BridgeException">A limit is reached, or the message has no name.</exception>
    public (byte[] Name, RetainedWrite Write) Begin(in PublishMessage message)
    {
        byte[] name = RetainedRecord.NameOf(message);
        int size = RetainedRecord.SizeOf(message);
        if (size > _core.Options.MaxBodySize)
        {
            throw new BridgeException(BridgeError.MessageTooLarge, $"A retained message has at most {_core.Options.MaxBodySize} bytes with its properties.");
        }

        return (name, _table.Begin(name, size));
    }

    /// <summary>The message was refused.</summary>
    public void Abandon(in RetainedWrite write) => _table.End(write, null);

    /// <summary>Appends the record of a message before it returns; completes when that is durable.</summary>
    public async ValueTask<SendOutcome> WriteAsync(PublishMessage message, byte[] name, RetainedWrite write)
    {
        int size = RetainedRecord.SizeOf(message);
        RetainedEntry? entry = null;
        Interlocked.Increment(ref _writes);
        try
        {
            SendOutcome outcome = await Append(message, name, size).ConfigureAwait(false);
            if (outcome.Status == SendStatus.Ok)
            {
                entry = new RetainedEntry(outcome.QueueOffset, size, size == 0 ? 0 : RetainedRecord.ExpiryOf(message.Properties));
            }

            return outcome;
        }
        finally
        {
            Interlocked.Decrement(ref _writes);
            _table.End(write, entry);
        }
    }

    private ValueTask<SendOutcome> Append(in PublishMessage message, byte[] name, int size)
    {
        byte[] body = ArrayPool<byte>.Shared.Rent(Math.Max(1, size));
        var properties = default(PropertyTextWriter);
        try
        {
            RetainedRecord.WriteProperties(name, removes: size == 0, ref properties);
            if (size > 0)
            {
                RetainedRecord.WriteBody(message, body);
            }

            lock (_appending)
            {
                return _core.SendAsync(Request(properties.Written, body.AsSpan(0, size)));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
            properties.Dispose();
        }
    }

    private SendRequest Request(MessageProperties properties, ReadOnlySpan<byte> body) => new()
    {
        Topic = _core.Topics.Find(EmbeddedTopics.Retained)
            ?? throw new BridgeException(BridgeError.ReadOnly, $"Topic {EmbeddedTopics.Retained} was removed; restart the gateway."),
        QueueId = 0,
        BornTime = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
        BornHost = _core.StoreHost,
        Properties = properties.Text.Span,
        Body = body,
    };

    private async Task RemoveAsync(byte[] key)
    {
        byte[] name = key.AsSpan().ToArray();
        name.AsSpan().Replace((byte)0, (byte)'/');
        var properties = default(PropertyTextWriter);
        ValueTask<SendOutcome> sent;
        try
        {
            RetainedRecord.WriteProperties(name, removes: true, ref properties);
            sent = _core.SendAsync(Request(properties.Written, default));
        }
        finally
        {
            properties.Dispose();
        }

        // Refused or not durable: the message is expired all the same.
        await sent.ConfigureAwait(false);
    }

    private sealed class TableSink(RetainedTable table, ILogger log, CancellationToken cancellationToken) : IRecordSink
    {
        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (MessageRecord.TryRead(record, out MessageRecord message) == RecordError.None
                && RetainedRecord.TryRead(new MessageProperties(message.Properties.ToArray()), message.Body.ToArray(), queueOffset, out ReadOnlySpan<byte> name, out RetainedEntry entry))
            {
                table.Apply(name, entry);
            }
            else
            {
                log.StateRecordUnknown(queueOffset);
            }

            return true;
        }
    }

    private sealed class OneSink(RecordDecoder decoder, MessageBatch batch, long offset) : IRecordSink
    {
        public bool Added { get; private set; }

        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            if (queueOffset == offset && MessageRecord.TryRead(record, out MessageRecord message) == RecordError.None)
            {
                using var one = new MessageBatch();
                decoder.Add(message, EmbeddedTopics.Retained, queueOffset, one);
                Added = RetainedRecord.TryAdd(one[0], batch);
            }

            return false;
        }
    }
}
