using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>
/// Retained messages as the latest records of one queue of a topic of their own, which every gateway of the cluster
/// follows. Memory has their names and offsets; the messages are pulled when somebody subscribes.
/// </summary>
/// <remarks>Records are compacted on brokers of this project. On others they last as long as the brokers keep messages.</remarks>
internal sealed class ClusterRetained : IRetainedMessages, IAsyncDisposable
{
    private const int ReadBatch = 256;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(2);
    private const int ExpiredAtOnce = 1024;

    private readonly Producer _producer;
    private readonly QueueReader _reader;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly RetainedTable _table;
    private readonly CancellationTokenSource _stop = new();
    private int _disposed;
    private MessageQueue _queue;
    private long _followed;
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _following = Task.CompletedTask;

    private ClusterRetained(ClusterConnection connection, Producer producer, ClusterOptions options, TimeProvider clock, ILogger log)
    {
        _producer = producer;
        _reader = new QueueReader(connection);
        _options = options;
        _clock = clock;
        _log = log;
        _table = new RetainedTable(options.Retained);
    }

    public int Count => _table.Count;

    public long Bytes => _table.Bytes;

    /// <summary>Finds or makes the topic, reads it, and follows it from then on.</summary>
    public static async ValueTask<ClusterRetained> OpenAsync(
        ClusterConnection connection, Producer producer, ClusterOptions options, TimeProvider clock, ILogger log, CancellationToken cancellationToken)
    {
        var retained = new ClusterRetained(connection, producer, options, clock, log);
        try
        {
            retained._queue = await OwnTopic.FindQueueAsync(ClusterTopics.Retained, connection, retained._reader, options, clock, cancellationToken).ConfigureAwait(false);
            long first = await retained._reader.GetMinOffsetAsync(retained._queue, cancellationToken).ConfigureAwait(false);
            retained._followed = first;
            long end = await retained._reader.GetMaxOffsetAsync(retained._queue, cancellationToken).ConfigureAwait(false);
            while (retained._followed < end)
            {
                await retained.StepAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            }

            log.RetainedRead(retained.Count, end - first);
            retained._following = Task.Run(retained.FollowAsync, CancellationToken.None);
            return retained;
        }
        catch
        {
            await retained.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask CatchUpAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            long end = await _reader.GetMaxOffsetAsync(_queue, cancellationToken).ConfigureAwait(false);
            while (Volatile.Read(ref _followed) < end)
            {
                Task progress = Volatile.Read(ref _progress).Task;
                if (Volatile.Read(ref _followed) < end)
                {
                    await progress.WaitAsync(_options.RequestTimeout, _clock, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
        catch (TimeoutException late)
        {
            throw new BridgeException(BridgeError.Timeout, "The latest retained messages were not read in time.", innerException: late);
        }
    }

    public void Continue(RetainedSearch search, int max, DateTimeOffset now) => _table.Continue(search, max, now);

    public async ValueTask ReadAsync(RetainedReference found, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        RetainedEntry entry = found.Entry;
        try
        {
            while (!await ReadRecordAsync(entry.Offset, batch, cancellationToken).ConfigureAwait(false))
            {
                if (!_table.TryFind(found.Key, out RetainedEntry present) || present.Offset == entry.Offset)
                {
                    return;
                }

                entry = present;
            }
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask<bool> ReadAtAsync(long offset, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        try
        {
            return await ReadRecordAsync(offset, batch, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    /// <summary>Only memory forgets them: a removal written by one gateway could come after another one's new message.</summary>
    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        int removed = 0;
        int some;
        do
        {
            some = _table.TakeExpired(now.ToUnixTimeMilliseconds(), ExpiredAtOnce).Count;
            removed += some;
        }
        while (some == ExpiredAtOnce);
        return ValueTask.FromResult(removed);
    }

    /// <summary>Stores the record of a message.</summary>
    public async ValueTask WriteAsync(PublishMessage message)
    {
        byte[] name = RetainedRecord.NameOf(message);
        int size = RetainedRecord.SizeOf(message);
        if (size > _options.MaxBodySize)
        {
            throw new BridgeException(BridgeError.MessageTooLarge, $"A retained message has at most {_options.MaxBodySize} bytes with its properties.");
        }

        RetainedWrite write = _table.Begin(name, size);
        RetainedEntry? entry = null;
        var properties = default(PropertyTextWriter);
        try
        {
            byte[] body = new byte[size];
            if (size > 0)
            {
                RetainedRecord.WriteBody(message, body);
            }

            RetainedRecord.WriteProperties(name, removes: size == 0, ref properties);
            SendReceipt receipt = await _producer
                .SendAsync(new Message(ClusterTopics.Retained, size == 0 ? null : body) { PropertyText = properties.Written.Text }, _queue)
                .ConfigureAwait(false);
            if (receipt.Status is SendStatus.FlushDiskTimeout or SendStatus.FlushReplicaTimeout)
            {
                throw ClusterErrors.NotDurable(receipt.Status);
            }

            entry = new RetainedEntry(receipt.QueueOffset, size, size == 0 ? 0 : RetainedRecord.ExpiryOf(message.Properties));
        }
        finally
        {
            properties.Dispose();
            _table.End(write, entry);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A bridge may be disposed by its host and by its container.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async ValueTask<bool> ReadRecordAsync(long offset, MessageBatch batch, CancellationToken cancellationToken)
    {
        TimeSpan patience = _options.RequestTimeout / 2;
        long start = _clock.GetTimestamp();
        while (true)
        {
            using (PullResult result = await _reader.PullAsync(_queue, offset, 1, patience, "*", cancellationToken).ConfigureAwait(false))
            {
                using var one = new MessageBatch();
                foreach (MessageView view in result)
                {
                    if (view.QueueOffset == offset)
                    {
                        MessageCopy.Add(view, _queue, one, _log);
                        return RetainedRecord.TryAdd(one[0], batch);
                    }
                }

                // Brokers of Apache show a message a moment after they acknowledged it; until then an offset behind their end is none.
                if (result.Status != PullStatus.OffsetIllegal || result.MaxOffset > offset || _clock.GetElapsedTime(start) > patience)
                {
                    return false;
                }
            }

            await Task.Delay(LookAgain, _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask StepAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        long next = _followed;
        using PullResult result = await _reader.PullAsync(_queue, next, ReadBatch, wait, "*", cancellationToken).ConfigureAwait(false);
        foreach (MessageView view in result)
        {
            if (RetainedRecord.TryRead(new MessageProperties(view.PropertyText.ToArray()), view.ReadBody(), view.QueueOffset, out ReadOnlySpan<byte> name, out RetainedEntry entry))
            {
                _table.Apply(name, entry);
            }
            else
            {
                _log.StateRecordUnknown(view.QueueOffset);
            }
        }

        next = result.Status == PullStatus.OffsetIllegal ? result.NextOffset : Math.Max(next, result.NextOffset);
        if (next == _followed)
        {
            return;
        }

        Volatile.Write(ref _followed, next);
        _table.Followed(next);
        Interlocked.Exchange(ref _progress, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private async Task FollowAsync()
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                try
                {
                    await StepAsync(_options.ReadWait, stop).ConfigureAwait(false);
                }
                catch (ProtoBridgeMqException failure)
                {
                    _log.StateFailed(failure.Message);
                    await Task.Delay(_options.RetryPause, _clock, stop).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The bridge is closed.
        }
        catch (Exception defect)
        {
            _log.Defect(defect);
            throw;
        }
    }
}
