using System.Threading.Channels;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>
/// Handles the messages of one queue one after the other. A message that was not handled stops its queue for a moment and is handled again,
/// so that none overtakes it.
/// </summary>
internal sealed class OrderedLane(ConsumeContext context, HandlerCalls calls, SemaphoreSlim slots) : IDisposable
{
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();
    private readonly CancellationTokenSource _stopping = new();
    private Task _working = Task.CompletedTask;

    /// <summary>Where the queue puts what it reads; its window bounds it.</summary>
    public ChannelWriter<Delivery> Deliveries => _deliveries.Writer;

    public void Start() => _working = WorkAsync();

    /// <summary>Begins no more messages.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Complete when the handler that ran has ended.</summary>
    public Task Ended => _working;

    public void Dispose() => _stopping.Dispose();

    private async Task WorkAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Delivery delivery = await _deliveries.Reader.ReadAsync(_stopping.Token).ConfigureAwait(false);
                await HandleAsync(delivery).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception defect)
        {
            context.Log.BackgroundDefect(defect);
            throw;
        }
    }

    private async ValueTask HandleAsync(Delivery delivery)
    {
        for (int tries = 0; ; tries++)
        {
            _stopping.Token.ThrowIfCancellationRequested();
            if (!delivery.IsWanted || !delivery.Source.MayHandle())
            {
                delivery.Complete();
                return;
            }

            ConsumeResult result = await CallAsync(delivery.Message, tries).ConfigureAwait(false);
            if (result.IsSuccess)
            {
                ClientMetrics.Handled.Add(1);
                delivery.Complete();
                return;
            }

            ClientMetrics.HandlerFailures.Add(1);
            if (calls.IsCancelled)
            {
                return;
            }

            if ((result.DelayLevel < 0 || tries >= context.Options.MaxOrderedTries) && await GiveUpAsync(delivery.Message).ConfigureAwait(false))
            {
                delivery.Complete();
                return;
            }

            await Task.Delay(context.Options.SuspendTime, context.Time, _stopping.Token).ConfigureAwait(false);
        }
    }

    private async ValueTask<ConsumeResult> CallAsync(ReceivedMessage message, int tries)
    {
        await slots.WaitAsync(_stopping.Token).ConfigureAwait(false);
        try
        {
            return await calls.CallAsync(tries == 0 ? message : message.Tried(message.ReconsumeTimes + tries)).ConfigureAwait(false);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>The queue goes on without the message; false when no broker takes it.</summary>
    private async ValueTask<bool> GiveUpAsync(ReceivedMessage message)
    {
        if (context.IsBroadcast)
        {
            context.Log.BroadcastDropped(context.Group, message.Queue, message.QueueOffset);
            return true;
        }

        return await calls.SendBackAsync(message, delayLevel: -1).ConfigureAwait(false);
    }
}
