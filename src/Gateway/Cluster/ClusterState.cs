using System.Globalization;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>
/// The fronts' state as the latest record of each key in one queue of a topic of its own, which every gateway of the
/// cluster follows:
/// <code>
///   body: value      properties: KEYS, space, key, and for a removed key gone=1
/// </code>
/// On brokers of this project that topic is compacted: opening reads little history, whatever was deleted. On others it is
/// an ordinary one, whose live values are written again when most of what was read is history. All of it is in memory. A put is stored before it counts; the order of the queue decides between gateways.
/// </summary>
internal sealed class ClusterState : IStateStore, IAsyncDisposable
{
    /// <summary>Its saved progress is where opening begins to read.</summary>
    private const string ReaderGroup = "PROTOBRIDGE_STATE_READER";

    /// <summary>History is left behind when there are so many records, and so many times more than keys.</summary>
    private const int MinHistory = 10_000;

    private const int HistoryPerKey = 4;
    private const int Lanes = 64;
    private const int ReadBatch = 256;

    private readonly ClusterConnection _connection;
    private readonly Producer _producer;
    private readonly QueueReader _reader;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly StateTable _table = new();
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly CancellationTokenSource _stop = new();
    private MessageQueue _queue;
    private long _records;
    private long _followed;
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _following = Task.CompletedTask;

    private ClusterState(ClusterConnection connection, Producer producer, ClusterOptions options, TimeProvider clock, ILogger log)
    {
        _connection = connection;
        _producer = producer;
        _reader = new QueueReader(connection, ReaderGroup);
        _options = options;
        _clock = clock;
        _log = log;
    }

    /// <summary>Finds or makes the topic, reads it, and follows it from then on.</summary>
    public static async ValueTask<ClusterState> OpenAsync(
        ClusterConnection connection, Producer producer, ClusterOptions options, TimeProvider clock, ILogger log, CancellationToken cancellationToken)
    {
        var state = new ClusterState(connection, producer, options, clock, log);
        try
        {
            state._queue = await OwnTopic.FindQueueAsync(ClusterTopics.State, connection, state._reader, options, clock, cancellationToken).ConfigureAwait(false);
            long next = await state.ReadAllAsync(cancellationToken).ConfigureAwait(false);
            state._followed = next;
            state._following = Task.Run(() => state.FollowAsync(next), CancellationToken.None);
            return state;
        }
        catch
        {
            await state.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string space, string key, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(_table.Find(space, key) is { } value ? new ReadOnlyMemory<byte>(value) : (ReadOnlyMemory<byte>?)null);

    public ValueTask PutAsync(string space, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        if (value.Length > _options.MaxStateValueSize)
        {
            return ValueTask.FromException(new BridgeException(
                BridgeError.MessageTooLarge,
                $"A value of state has at most {_options.MaxStateValueSize} bytes; this one has {value.Length}."));
        }

        return WriteAsync(space, key, value.ToArray());
    }

    public ValueTask DeleteAsync(string space, string key, CancellationToken cancellationToken = default)
        => WriteAsync(space, key, null);

    public async IAsyncEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> ListAsync(
        string space, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (KeyValuePair<string, ReadOnlyMemory<byte>> pair in _table.List(space))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return pair;
        }
    }

    public IDisposable Watch(string space, StateChange changed) => _table.Watch(space, changed);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        foreach (SemaphoreSlim lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private async ValueTask WriteAsync(string space, string key, byte[]? value)
    {
        // Writes of one key leave one after the other: their order is that of the calls.
        SemaphoreSlim lane = _lanes[(uint)HashCode.Combine(space, key) % Lanes];
        long offset;
        await lane.WaitAsync().ConfigureAwait(false);
        try
        {
            if (value is null ? !_table.Knows(space, key) : _table.Live >= _options.MaxStateKeys && _table.Find(space, key) is null)
            {
                if (value is null)
                {
                    return;
                }

                throw new BridgeException(BridgeError.Busy, $"The gateway keeps state of at most {_options.MaxStateKeys} keys.");
            }

            SendReceipt receipt = await SendAsync(space, key, value, null).ConfigureAwait(false);
            offset = receipt.QueueOffset;
            _table.Apply(space, key, value, offset);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
        finally
        {
            lane.Release();
        }

        await AwaitFollowedAsync(offset).ConfigureAwait(false);
    }

    /// <summary>Completes when everything up to an offset is known here: what other gateways wrote before is seen, and told.</summary>
    private async ValueTask AwaitFollowedAsync(long offset)
    {
        while (Volatile.Read(ref _followed) <= offset)
        {
            Task progress = Volatile.Read(ref _progress).Task;
            if (Volatile.Read(ref _followed) > offset)
            {
                return;
            }

            try
            {
                await progress.WaitAsync(_options.RequestTimeout, _clock).ConfigureAwait(false);
            }
            catch (TimeoutException late)
            {
                throw new BridgeException(BridgeError.Timeout, "The latest state was not read in time.", mayHaveHappened: true, innerException: late);
            }
        }
    }

    private async ValueTask<SendReceipt> SendAsync(string space, string key, byte[]? value, long? again)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            StateProperties.Write(ref properties, space, key, value);
            if (again is { } offset)
            {
                properties.Write(StateTable.AgainName, offset.ToString(CultureInfo.InvariantCulture));
            }

            var message = new Message(ClusterTopics.State, value) { PropertyText = properties.Written.Text };
            SendReceipt receipt = await _producer.SendAsync(message, _queue).ConfigureAwait(false);
            return receipt.Status is SendStatus.FlushDiskTimeout or SendStatus.FlushReplicaTimeout
                ? throw ClusterErrors.NotDurable(receipt.Status)
                : receipt;
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>Whether the broker keeps the latest values by itself: written again, one could take the place of a newer one.</summary>
    private async ValueTask<bool> IsCompactedAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> attributes = await new AdminClient(_connection)
            .GetTopicAttributesAsync(ClusterTopics.State, _queue.BrokerName, cancellationToken)
            .ConfigureAwait(false);
        return attributes.GetValueOrDefault("cleanup.policy") == "COMPACTION";
    }

    private async ValueTask<long> ReadAllAsync(CancellationToken cancellationToken)
    {
        // What another gateway has the answer for, and the broker cannot show yet, must not be missed: nobody is told of it later but as history.
        long end = await _reader.GetStoredEndAsync(_queue, cancellationToken).ConfigureAwait(false);
        long start = await _reader.GetMinOffsetAsync(_queue, cancellationToken).ConfigureAwait(false);
        if (await _reader.GetCommittedAsync(_queue, cancellationToken).ConfigureAwait(false) is { } committed)
        {
            start = Math.Max(start, committed);
        }

        long next = start;
        while (next < end)
        {
            next = await StepAsync(next, _options.ReadWait, cancellationToken).ConfigureAwait(false);
        }

        _log.StateRead(_table.Live, _records);
        if (_records > MinHistory && _records > (long)_table.Live * HistoryPerKey && !await IsCompactedAsync(cancellationToken).ConfigureAwait(false))
        {
            await RewriteAsync(next, cancellationToken).ConfigureAwait(false);
        }

        _table.ForgetGone(next);
        return next;
    }

    /// <summary>
    /// Writes every live value again, then lets the next opening begin at what came after the values were read. What
    /// another gateway wrote meanwhile wins: a value written again says which record it repeats.
    /// </summary>
    private async ValueTask RewriteAsync(long read, CancellationToken cancellationToken)
    {
        foreach ((string space, string key, byte[] value, long offset) in _table.ListAll())
        {
            await SendAsync(space, key, value, offset).ConfigureAwait(false);
        }

        await _reader.CommitAsync(_queue, read, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<long> StepAsync(long next, TimeSpan wait, CancellationToken cancellationToken)
    {
        using PullResult result = await _reader.PullAsync(_queue, next, ReadBatch, wait, "*", cancellationToken).ConfigureAwait(false);
        foreach (MessageView view in result)
        {
            _records++;
            if (!_table.Apply(view.PropertyText, view.ReadBody().Span, view.QueueOffset))
            {
                _log.StateRecordUnknown(view.QueueOffset);
            }
        }

        return result.Status == PullStatus.OffsetIllegal ? result.NextOffset : Math.Max(next, result.NextOffset);
    }

    private async Task FollowAsync(long next)
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                try
                {
                    next = await StepAsync(next, _options.ReadWait, stop).ConfigureAwait(false);
                    Volatile.Write(ref _followed, next);
                    Interlocked.Exchange(ref _progress, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
                    _table.ForgetGone(next);
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
