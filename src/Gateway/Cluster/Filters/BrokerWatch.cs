using System.Buffers;
using System.Buffers.Binary;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Filters;

namespace ProtoBridgeMQ.Gateway.Cluster.Filters;

/// <summary>
/// Learns from one broker which watched filters have new messages: one request that waits there, and beside it changes of
/// what is watched. Whenever something went wrong it begins again, and all are told, as nobody knows what was missed.
/// </summary>
internal sealed class BrokerWatch : IAsyncDisposable
{
    private const int BytesAtOnce = 1 << 20;

    private readonly FilterQueueCalls _calls;
    private readonly WatchedFilters _filters;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly Lock _gate = new();
    private Dictionary<uint, (WatchedFilter Filter, bool IsWatched)> _changes = [];
    private Action? _endRound;
    private Task _running = Task.CompletedTask;

    public BrokerWatch(string broker, string address, FilterQueueCalls calls, WatchedFilters filters, ClusterOptions options, TimeProvider clock, ILogger log)
    {
        Broker = broker;
        Address = address;
        _calls = calls;
        _filters = filters;
        _options = options;
        _clock = clock;
        _log = log;
    }

    public string Broker { get; }

    public string Address { get; }

    public void Start()
    {
        _filters.Attach(this);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        _filters.Detach(this);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _changed.Dispose();
    }

    /// <summary>A filter is watched from now on, or no longer. Under the lock of the filters.</summary>
    public void Change(WatchedFilter filter, bool isWatched)
    {
        lock (_gate)
        {
            _changes[filter.Number] = (filter, isWatched);
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
    }

    /// <summary>All that is watched is about to be told. Under the lock of the filters.</summary>
    public void ForgetChanges()
    {
        lock (_gate)
        {
            _changes = [];
        }
    }

    /// <summary>Another request to the broker failed: what was missed is found out by beginning again.</summary>
    public void BeginAgain()
    {
        lock (_gate)
        {
            _endRound?.Invoke();
        }
    }

    private static bool Write(ArrayBufferWriter<byte> body, WatchedFilter filter, bool isWatched)
    {
        int size = isWatched ? 7 + filter.Filter.Length : 5;
        Span<byte> change = body.GetSpan(size);
        change[0] = isWatched ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(change[1..], filter.Number);
        if (isWatched)
        {
            BinaryPrimitives.WriteUInt16BigEndian(change[5..], (ushort)filter.Filter.Length);
            filter.Filter.CopyTo(change[7..]);
        }

        body.Advance(size);
        return body.WrittenCount < BytesAtOnce;
    }

    private async Task RunAsync()
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                using var round = CancellationTokenSource.CreateLinkedTokenSource(stop);
                lock (_gate)
                {
                    _endRound = round.Cancel;
                }

                try
                {
                    await RunRoundAsync(round).ConfigureAwait(false);
                }
                catch (ProtoBridgeMqException failure)
                {
                    _log.FiltersNotWatched(Broker, failure.Message);
                }
                catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                {
                    // To begin again.
                }
                finally
                {
                    lock (_gate)
                    {
                        _endRound = null;
                    }
                }

                await Task.Delay(_options.RetryPause, _clock, stop).ConfigureAwait(false);
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

    /// <summary>Begins the watch, then waits and changes until one of the two ends or fails.</summary>
    private async Task RunRoundAsync(CancellationTokenSource round)
    {
        string name = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
        WatchedFilter[] all = _filters.TakeAll(this);
        await _calls.WatchAsync(Address, name, begins: true, default, null, round.Token).ConfigureAwait(false);
        if (!await TellAsync(name, [.. all.Select(filter => (filter, true))], round.Token).ConfigureAwait(false))
        {
            return;
        }

        Task waiting = WaitAsync(name, round.Token);
        Task changing = ChangeAsync(name, round.Token);
        Task ended = await Task.WhenAny(waiting, changing).ConfigureAwait(false);
        await round.CancelAsync().ConfigureAwait(false);
        await ((Task)Task.WhenAll(waiting, changing)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.ConfigureAwait(false);
    }

    private async Task WaitAsync(string name, CancellationToken cancellationToken)
    {
        while (await _calls.WatchAsync(Address, name, begins: false, default, _options.ReadWait, cancellationToken).ConfigureAwait(false) is { } numbers)
        {
            _filters.Arrived(numbers);
        }
    }

    private async Task ChangeAsync(string name, CancellationToken cancellationToken)
    {
        bool known = true;
        while (known)
        {
            await _changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            (WatchedFilter Filter, bool IsWatched)[] changes;
            lock (_gate)
            {
                changes = [.. _changes.Values];
                _changes = [];
            }

            known = await TellAsync(name, changes, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells changes; what is watched newly may have got messages before. False when the broker does not know the watch.</summary>
    private async Task<bool> TellAsync(string name, (WatchedFilter Filter, bool IsWatched)[] changes, CancellationToken cancellationToken)
    {
        int next = 0;
        while (next < changes.Length)
        {
            int first = next;
            var body = new ArrayBufferWriter<byte>(256);
            while (next < changes.Length && Write(body, changes[next].Filter, changes[next++].IsWatched))
            {
                // As many as fit.
            }

            if (await _calls.WatchAsync(Address, name, begins: false, body.WrittenMemory, null, cancellationToken).ConfigureAwait(false) is null)
            {
                return false;
            }

            foreach ((WatchedFilter filter, bool isWatched) in changes.AsSpan(first..next).ToArray())
            {
                if (isWatched)
                {
                    filter.Arrived();
                }
            }
        }

        return true;
    }
}
