using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// Reads what is appended to the topic of retained messages from now on: a gateway in front of this broker may write there,
/// too.
/// </summary>
internal sealed class RetainedFollower : IAsyncDisposable
{
    private const int MaxRecords = 256;
    private const int MaxBytes = 1 << 20;
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly IBrokerCore _core;
    private readonly IRecordSink _sink;
    private readonly Action<long> _followed;
    private readonly CancellationTokenSource _stop = new();
    private int _disposed;
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _following = Task.CompletedTask;
    private long _next;

    /// <summary>Makes a follower that begins at an offset.</summary>
    /// <param name="core">The broker.</param>
    /// <param name="next">First offset to read.</param>
    /// <param name="sink">Gets the records.</param>
    /// <param name="followed">Told how far it came.</param>
    public RetainedFollower(IBrokerCore core, long next, IRecordSink sink, Action<long> followed)
    {
        _core = core;
        _next = next;
        _sink = sink;
        _followed = followed;
        followed(next);
    }

    public void Start(ILogger log) => _following = Task.Run(() => RunAsync(log), CancellationToken.None);

    /// <summary>Completes when everything that consumers can see now was read.</summary>
    public async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        long end = _core.Offsets.Max(EmbeddedTopics.Retained, 0);
        while (Volatile.Read(ref _next) < end)
        {
            Task progress = Volatile.Read(ref _progress).Task;
            if (Volatile.Read(ref _next) < end)
            {
                await progress.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
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
        Volatile.Read(ref _progress).TrySetException(new BridgeException(BridgeError.Busy, "The gateway is stopping."));
    }

    private async Task RunAsync(ILogger log)
    {
        CancellationToken stop = _stop.Token;
        using var arrival = new QueueArrival(TimeProvider.System) { Topic = EmbeddedTopics.Retained, QueueId = 0, Timeout = Hold };
        try
        {
            while (!stop.IsCancellationRequested)
            {
                ReadOutcome outcome = _core.Read(new ReadRequest(EmbeddedTopics.Retained, 0, _next, MaxRecords, MaxBytes), _sink);
                if (outcome.NextOffset > _next)
                {
                    Volatile.Write(ref _next, outcome.NextOffset);
                    _followed(outcome.NextOffset);
                    Interlocked.Exchange(ref _progress, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
                    continue;
                }

                arrival.Offset = _next;
                if (!await arrival.WaitAsync(_core, stop).ConfigureAwait(false))
                {
                    // The broker's table of waits is full, or the broker is stopping.
                    await Task.Delay(Pause, TimeProvider.System, stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The bridge is closed.
        }
        catch (Exception defect)
        {
            log.RetainedNotFollowed(defect);
            throw;
        }
    }
}
