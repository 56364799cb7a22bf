using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Filters;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Gateway.Cluster.Filters;

/// <summary>
/// The queues of topic filters of brokers of other processes, which must be this project's: each has a part. A broker that
/// does not answer has nothing new until it does; making a queue needs all of them.
/// </summary>
internal sealed class ClusterFilterQueues : IFilterQueues, IAsyncDisposable
{
    private const int MakeAtOnce = 64;

    private readonly FilterQueueCalls _calls;
    private readonly ClusterMasters _masters;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly WatchedFilters _watched = new();
    private readonly RecordTopics _topics = new();
    private readonly CancellationTokenSource _stop = new();
    private Dictionary<string, BrokerWatch> _watches = new(StringComparer.Ordinal);
    private Task _following = Task.CompletedTask;
    private int _disposed;

    private ClusterFilterQueues(ClusterConnection connection, ClusterOptions options, TimeProvider clock, ILogger log)
    {
        _calls = new FilterQueueCalls(connection);
        _masters = new ClusterMasters(_calls, clock);
        _options = options;
        _clock = clock;
        _log = log;
    }

    /// <summary>The masters, as they were last known.</summary>
    public IReadOnlyCollection<string> Brokers => [.. _masters.Known.Keys];

    /// <summary>Finds out whether the brokers have such queues; null, and the reason in the log, when one of them has not.</summary>
    /// <exception cref="ProtoBridgeMqException">None answers.</exception>
    public static async ValueTask<ClusterFilterQueues?> OpenAsync(
        ClusterConnection connection, ClusterOptions options, TimeProvider clock, ILogger log, CancellationToken cancellationToken)
    {
        var queues = new ClusterFilterQueues(connection, options, clock, log);
        try
        {
            foreach ((string broker, string address) in await queues._masters.AskAsync(cancellationToken).ConfigureAwait(false))
            {
                if (await queues.AskAsync(broker, address, cancellationToken).ConfigureAwait(false) is { } refusal)
                {
                    log.NoFilterQueues(broker, address, refusal);
                    await queues.DisposeAsync().ConfigureAwait(false);
                    return null;
                }
            }
        }
        catch
        {
            await queues.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await queues.FollowMastersAsync(queues._masters.Known).ConfigureAwait(false);
        queues._following = Task.Run(queues.FollowAsync, CancellationToken.None);
        return queues;
    }

    public async ValueTask<IReadOnlyList<FilterRange>> EnsureAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default)
    {
        if (filter.IsEmpty)
        {
            throw new BridgeException(BridgeError.FilterInvalid, "A filter has at least one character.");
        }

        try
        {
            IReadOnlyDictionary<string, string> masters = await _masters.AskAsync(cancellationToken).ConfigureAwait(false);
            return await Task.WhenAll(masters.Select(master => EnsureAsync(master.Key, master.Value, filter, cancellationToken))).ConfigureAwait(false);
        }
        catch (RequestRefusedException refused) when (refused.ResponseCode == ResponseCode.InvalidParameter)
        {
            throw new BridgeException(BridgeError.FilterInvalid, refused.Message, innerException: refused);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask<IReadOnlyList<FilterRange>> FindAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default)
    {
        try
        {
            IReadOnlyDictionary<string, string> masters = await _masters.GetAsync(cancellationToken).ConfigureAwait(false);
            FilterFinding[] findings = await Task.WhenAll(masters.Select(master => FindAsync(master.Key, master.Value, filter, cancellationToken))).ConfigureAwait(false);
            if (findings.All(finding => finding.Failure is not null))
            {
                throw ClusterErrors.ToException(findings[0].Failure!);
            }

            List<FilterRange> ranges = [.. findings.Where(finding => finding.Range is not null).Select(finding => finding.Range!.Value)];
            if (ranges.Count > 0)
            {
                // A broker that came to the cluster since.
                foreach (FilterFinding finding in findings.Where(finding => finding is { Range: null, Failure: null }))
                {
                    ranges.Add(await EnsureAsync(finding.Broker, masters[finding.Broker], filter, cancellationToken).ConfigureAwait(false));
                }
            }

            return ranges;
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask DeleteAsync(ReadOnlyMemory<byte> filter, TimeSpan unusedFor = default, CancellationToken cancellationToken = default)
    {
        try
        {
            IReadOnlyDictionary<string, string> masters = await _masters.GetAsync(cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(masters.Values.Select(address => _calls.DeleteAsync(address, filter, unusedFor, cancellationToken).AsTask())).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask<IReadOnlyList<byte[]>> ListAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var filters = new Dictionary<string, byte[]>(StringComparer.Ordinal);
            foreach (string address in (await _masters.GetAsync(cancellationToken).ConfigureAwait(false)).Values)
            {
                foreach (byte[] filter in await _calls.ListAsync(address, cancellationToken).ConfigureAwait(false))
                {
                    filters.TryAdd(System.Text.Encoding.UTF8.GetString(filter), filter);
                }
            }

            return [.. filters.Values];
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask<FilterRead> ReadAsync(FilterPlace from, int max, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        batch.Clear();
        try
        {
            if (await _masters.FindAsync(from.Broker, cancellationToken).ConfigureAwait(false) is not { } address)
            {
                return new FilterRead(false, from.Offset, 0);
            }

            using PullResult? read = await _calls
                .ReadAsync(from.Broker, address, from.Filter, from.Offset, max, _options.FilterReadBytes, cancellationToken).ConfigureAwait(false);
            if (read is null)
            {
                return new FilterRead(false, from.Offset, 0);
            }

            Copy(read, batch);
            return new FilterRead(true, read.NextOffset, read.MinOffset - from.Offset);
        }
        catch (Exception failure) when (failure is ClusterUnreachableException or RequestTimeoutException)
        {
            // When it answers again, everybody who watches is told.
            if (Volatile.Read(ref _watches).TryGetValue(from.Broker, out BrokerWatch? watch))
            {
                watch.BeginAgain();
            }

            batch.Clear();
            return new FilterRead(true, from.Offset, 0);
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public async ValueTask<bool> ReadMessageAsync(string broker, long logOffset, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        try
        {
            // A broker that was killed is forgotten until it registers again; its messages are not gone.
            string address = await _masters.FindAsync(broker, cancellationToken).ConfigureAwait(false)
                ?? throw new BridgeException(BridgeError.Unreachable, $"The name servers do not know broker {broker} now.");
            int before = batch.Count;
            using PullResult? found = await _calls.ViewAsync(broker, address, logOffset, cancellationToken).ConfigureAwait(false);
            if (found is not null)
            {
                Copy(found, batch);
            }

            return batch.Count > before;
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }

    public IDisposable Watch(ReadOnlyMemory<byte> filter, Action arrived) => _watched.Add(filter, arrived);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (BrokerWatch watch in _watches.Values)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private void Copy(PullResult result, MessageBatch batch)
    {
        foreach (MessageView view in result)
        {
            MessageCopy.Add(view, result.Queue with { Topic = _topics.Get(view.TopicText) }, batch, _log);
        }
    }

    /// <summary>Why a broker does not have them; null when it does.</summary>
    private async ValueTask<string?> AskAsync(string broker, string address, CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.AskAsync(address, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            // It says so when it is there again; until then it takes no message, either.
            _log.FiltersNotWatched(broker, failure.Message);
            return null;
        }
    }

    private async Task<FilterRange> EnsureAsync(string broker, string address, ReadOnlyMemory<byte> filter, CancellationToken cancellationToken)
    {
        FilterQueueRangeHeader range = await _calls.EnsureAsync(address, filter, cancellationToken).ConfigureAwait(false);
        return new FilterRange(broker, range.MinOffset, range.MaxOffset);
    }

    private async Task<FilterFinding> FindAsync(string broker, string address, ReadOnlyMemory<byte> filter, CancellationToken cancellationToken)
    {
        try
        {
            FilterQueueRangeHeader? range = await _calls.FindAsync(address, filter, cancellationToken).ConfigureAwait(false);
            return new FilterFinding(broker, range is { } found ? new FilterRange(broker, found.MinOffset, found.MaxOffset) : null, null);
        }
        catch (Exception failure) when (failure is ClusterUnreachableException or RequestTimeoutException)
        {
            return new FilterFinding(broker, null, (ProtoBridgeMqException)failure);
        }
    }

    /// <summary>Looks for brokers that came and went: who comes gets the queues that the others have.</summary>
    private async Task FollowAsync()
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                await Task.Delay(_options.RouteRefreshInterval, _clock, stop).ConfigureAwait(false);
                try
                {
                    IReadOnlyDictionary<string, string> masters = await _masters.AskAsync(stop).ConfigureAwait(false);
                    foreach (string came in masters.Keys.Where(broker => !_watches.ContainsKey(broker)).ToArray())
                    {
                        await MakeAllAsync(masters, came, stop).ConfigureAwait(false);
                    }

                    await FollowMastersAsync(masters).ConfigureAwait(false);
                }
                catch (ProtoBridgeMqException failure)
                {
                    _log.FiltersNotWatched("of the cluster", failure.Message);
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

    private async ValueTask MakeAllAsync(IReadOnlyDictionary<string, string> masters, string came, CancellationToken cancellationToken)
    {
        var filters = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string address in masters.Where(master => _watches.ContainsKey(master.Key)).Select(master => master.Value))
        {
            foreach (byte[] filter in await _calls.ListAsync(address, cancellationToken).ConfigureAwait(false))
            {
                filters.TryAdd(System.Text.Encoding.UTF8.GetString(filter), filter);
            }
        }

        foreach (byte[][] some in filters.Values.Chunk(MakeAtOnce))
        {
            await Task.WhenAll(some.Select(filter => _calls.EnsureAsync(masters[came], filter, cancellationToken).AsTask())).ConfigureAwait(false);
        }
    }

    private async ValueTask FollowMastersAsync(IReadOnlyDictionary<string, string> masters)
    {
        var watches = new Dictionary<string, BrokerWatch>(StringComparer.Ordinal);
        foreach ((string broker, string address) in masters)
        {
            if (_watches.TryGetValue(broker, out BrokerWatch? present) && present.Address == address)
            {
                watches.Add(broker, present);
            }
            else
            {
                var watch = new BrokerWatch(broker, address, _calls, _watched, _options, _clock, _log);
                watches.Add(broker, watch);
                watch.Start();
            }
        }

        BrokerWatch[] gone = [.. _watches.Values.Where(watch => !watches.ContainsValue(watch))];
        Volatile.Write(ref _watches, watches);
        foreach (BrokerWatch watch in gone)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }
    }

    private readonly record struct FilterFinding(string Broker, FilterRange? Range, ProtoBridgeMqException? Failure);
}
