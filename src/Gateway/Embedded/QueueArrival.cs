using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>One queue's read state: its leases, and its place in the broker's table of waits.</summary>
internal sealed class QueueArrival(TimeProvider clock) : ArrivalWait, IDisposable
{
    private readonly StreamSignal _ended = new(clock);

    public RecordBatch Records { get; } = new();

    /// <summary>Waits until a message comes or the time is over; false when the broker's table of waits is full.</summary>
    public async ValueTask<bool> WaitAsync(IBrokerCore core, CancellationToken cancellationToken)
    {
        if (!core.Hold(this))
        {
            return false;
        }

        try
        {
            await _ended.WaitAsync(System.Threading.Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!core.CancelWait(this))
            {
                // It is ending at this moment: the node is free once it has ended.
                await _ended.WaitAsync(System.Threading.Timeout.InfiniteTimeSpan, CancellationToken.None).ConfigureAwait(false);
            }

            throw;
        }

        return true;
    }

    public void Dispose()
    {
        Records.Dispose();
        _ended.Dispose();
    }

    protected override void Ended(ArrivalReason reason) => _ended.Set();
}
