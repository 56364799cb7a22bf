using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>Runs the user's handler for messages in any order, a limited number at once, and acts on what it says.</summary>
internal sealed class HandlerPool(ConsumeContext context, HandlerCalls calls) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task[] _workers = [];

    public void Start() => _workers = [.. Enumerable.Range(0, context.Options.MaxConcurrency).Select(_ => WorkAsync())];

    /// <summary>
    /// Starts no more handlers and waits for those that run; after the time their tokens are cancelled. What was not
    /// handled is not committed, so it comes again.
    /// </summary>
    public async ValueTask StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await HandlersEnd.WaitAsync(context, calls, Task.WhenAll(_workers)).ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task WorkAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Delivery delivery = await context.Deliveries.Reader.ReadAsync(_stopping.Token).ConfigureAwait(false);
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
        if (!delivery.IsWanted)
        {
            delivery.Complete();
            return;
        }

        ReceivedMessage message = delivery.Message;
        ConsumeResult result = await calls.CallAsync(message).ConfigureAwait(false);
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

        if (context.IsBroadcast)
        {
            context.Log.BroadcastDropped(context.Group, message.Queue, message.QueueOffset);
            delivery.Complete();
        }
        else if (await calls.SendBackAsync(message, result.DelayLevel).ConfigureAwait(false))
        {
            delivery.Complete();
        }
        else
        {
            _ = HandleAgainAsync(delivery);
        }
    }

    /// <summary>The broker does not take it back now: it is handled here again after a pause. Its queue's window holds the room for it.</summary>
    private async Task HandleAgainAsync(Delivery delivery)
    {
        await Task.Delay(context.Options.RetryPause, context.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_stopping.IsCancellationRequested)
        {
            context.Deliveries.Writer.TryWrite(delivery);
        }
    }
}

/// <summary>The end of running handlers.</summary>
internal static class HandlersEnd
{
    /// <summary>Waits for them; after the time their tokens are cancelled, and after a moment more they are left behind.</summary>
    public static async ValueTask WaitAsync(ConsumeContext context, HandlerCalls calls, Task all)
    {
        await all.WaitAsync(context.Options.StopTimeout, context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!all.IsCompleted)
        {
            context.Log.HandlersLeft(context.Group, calls.Running);
            await calls.CancelAsync().ConfigureAwait(false);
            await all.WaitAsync(TimeSpan.FromSeconds(1), context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
