using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>
/// The group streams that are kept open between requests. Bounded; a stream leaves its group when nobody used it for
/// a while and none of its deliveries can be settled any more.
/// </summary>
internal sealed class GroupStreams : IHostedService, IAsyncDisposable
{
    private readonly IMessageBridge _bridge;
    private readonly HttpOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<GroupStreams> _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<GroupStreamKey, List<GroupStream>> _byKey = [];
    private readonly Dictionary<long, GroupStream> _byNumber = [];
    private readonly ITimer _sweep;
    private long _lastNumber;
    private int _count;
    private bool _closed;

    public GroupStreams(IMessageBridge bridge, IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock, ILogger<GroupStreams> log)
    {
        _bridge = bridge;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _log = log;
        TimeSpan period = _options.GroupStreamIdle / 2;
        _sweep = clock.CreateTimer(state => _ = ((GroupStreams)state!).CloseIdleAsync(), this, period, period);
    }

    /// <summary>Drawn once a process: receipts carry it.</summary>
    public ulong Life { get; } = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));

    /// <summary>Streams open now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>A stream for one receive; give it back with <see cref="Return"/>.</summary>
    public async ValueTask<GroupStream> RentAsync(GroupStreamKey key, string subscriber, CancellationToken cancellationToken)
    {
        List<GroupStream> inTheWay;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (TakeFree(key) is { } free)
                return free;

            if (_count >= _options.MaxGroupStreams)
                throw new BridgeException(BridgeError.Busy, $"This gateway has {_options.MaxGroupStreams} group streams open, its limit.", retryAfter: TimeSpan.FromSeconds(1));

            _count++;
            inTheWay = TakeOtherFilters(key);
        }

        try
        {
            foreach (GroupStream other in inTheWay)
                await CloseAsync(other);

            return await OpenAsync(key, subscriber, cancellationToken);
        }
        catch
        {
            lock (_gate)
                _count--;

            throw;
        }
    }

    /// <summary>Ends a receive that handed out <paramref name="deliveries"/> for <paramref name="lease"/>.</summary>
    public void Return(GroupStream stream, int deliveries, TimeSpan lease)
    {
        lock (_gate)
        {
            stream.IsReceiving = false;
            stream.LastUsed = _clock.GetUtcNow();
            if (deliveries > 0)
                Hold(stream, deliveries, lease);
        }
    }

    /// <summary>The stream of a receipt; null when it has gone.</summary>
    public GroupStream? Find(long number)
    {
        lock (_gate)
            return _byNumber.GetValueOrDefault(number);
    }

    /// <summary>Notes that a delivery was settled.</summary>
    public void Settled(GroupStream stream, Settlement settlement)
    {
        lock (_gate)
        {
            stream.LastUsed = _clock.GetUtcNow();
            if (settlement.Outcome == Outcome.Extend)
                Hold(stream, 0, settlement.Time);
            else if (stream.Open > 0)
                stream.Open--;
        }
    }

    /// <summary>Closes what nobody uses any more.</summary>
    public async Task CloseIdleAsync()
    {
        List<GroupStream> idle = [];
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            foreach (GroupStream stream in _byNumber.Values)
            {
                if (!stream.IsReceiving && !stream.HoldsLease(now) && stream.LastUsed + _options.GroupStreamIdle <= now)
                    idle.Add(stream);
            }

            idle.ForEach(Forget);
        }

        foreach (GroupStream stream in idle)
            await CloseAsync(stream);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Leaves all groups, while the bridge still works: what is unsettled comes again at once, elsewhere.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        List<GroupStream> all;
        lock (_gate)
        {
            _closed = true;
            all = [.. _byNumber.Values];
            all.ForEach(Forget);
        }

        foreach (GroupStream stream in all)
            await CloseAsync(stream);
    }

    private GroupStream? TakeFree(GroupStreamKey key)
    {
        GroupStream? free = _byKey.GetValueOrDefault(key)?.Find(stream => !stream.IsReceiving);
        if (free is not null)
            free.IsReceiving = true;

        return free;
    }

    /// <summary>
    /// A group has one filter a topic: streams with another one that hold nothing make room for the new one.
    /// </summary>
    private List<GroupStream> TakeOtherFilters(GroupStreamKey key)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        List<GroupStream> others = [.. _byNumber.Values.Where(stream =>
            stream.Key.Topic == key.Topic
            && stream.Key.Group == key.Group
            && (stream.Key.Filter != key.Filter || stream.Key.Sql != key.Sql)
            && !stream.IsReceiving
            && !stream.HoldsLease(now))];
        others.ForEach(Forget);
        return others;
    }

    private async Task<GroupStream> OpenAsync(GroupStreamKey key, string subscriber, CancellationToken cancellationToken)
    {
        IMessageStream messages = await _bridge.SubscribeAsync(
            new SubscribeRequest
            {
                Kind = StreamKind.Group,
                Topics = TopicSelection.Of(key.Topic),
                Group = key.Group,
                Filter = key.Filter.Length == 0 ? "*" : key.Filter,
                Sql = key.Sql,
                AnyFilter = key.TakesAnyFilter,
                Lease = _options.DefaultLease,
                Subscriber = subscriber,
            },
            cancellationToken);
        var stream = new GroupStream(Interlocked.Increment(ref _lastNumber), key, messages) { IsReceiving = true, LastUsed = _clock.GetUtcNow() };
        bool tooLate;
        lock (_gate)
        {
            tooLate = _closed;
            if (!tooLate)
            {
                _byNumber.Add(stream.Number, stream);
                if (!_byKey.TryGetValue(key, out List<GroupStream>? same))
                    _byKey.Add(key, same = []);

                same.Add(stream);
            }
        }

        if (tooLate)
        {
            await messages.DisposeAsync();
            throw new ObjectDisposedException(nameof(GroupStreams));
        }

        _metrics.GroupStreams.Add(1);
        return stream;
    }

    private void Hold(GroupStream stream, int deliveries, TimeSpan lease)
    {
        stream.Open += deliveries;
        DateTimeOffset until = _clock.GetUtcNow() + lease;
        if (until > stream.LeasedUntil)
            stream.LeasedUntil = until;
    }

    private void Forget(GroupStream stream)
    {
        _byNumber.Remove(stream.Number);
        List<GroupStream> same = _byKey[stream.Key];
        same.Remove(stream);
        if (same.Count == 0)
            _byKey.Remove(stream.Key);

        _count--;
        _metrics.GroupStreams.Add(-1);
    }

    private async Task CloseAsync(GroupStream stream)
    {
        try
        {
            await stream.Messages.DisposeAsync();
        }
        catch (Exception failure)
        {
            HttpLog.StreamNotClosed(_log, stream.Key.Group, stream.Key.Topic, failure);
        }
    }
}
