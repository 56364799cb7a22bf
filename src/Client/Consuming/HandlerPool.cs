using System.Threading.Channels;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>Runs the user's handler, a limited number at once, and acts on what it says.</summary>
internal sealed class HandlerPool(
    ConsumeContext context,
    ChannelReader<Delivery> deliveries,
    Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handler) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cancelHandlers = new();
    private Task[] _workers = [];
    private int _running;

    public void Start() => _workers = [.. Enumerable.Range(0, context.Options.MaxConcurrency).Select(_ => WorkAsync())];

    /// <summary>
    /// Starts no more handlers and waits for those that run; after the time their tokens are cancelled. What was not
    /// handled is not committed, so it comes again.
    /// </summary>
    public async ValueTask StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task all = Task.WhenAll(_workers);
        await all.WaitAsync(context.Options.StopTimeout, context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!all.IsCompleted)
        {
            context.Log.HandlersLeft(context.Group, Volatile.Read(ref _running));
            await _cancelHandlers.CancelAsync().ConfigureAwait(false);
            // Handlers that watch their token get a moment more; others are left behind.
            await all.WaitAsync(TimeSpan.FromSeconds(1), context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _cancelHandlers.Dispose();
    }

    private async Task WorkAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Delivery delivery = await deliveries.ReadAsync(_stopping.Token).ConfigureAwait(false);
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
        (QueuePull source, ReceivedMessage message) = delivery;
        if (source.IsRevoked)
        {
            source.Complete(message);
            return;
        }

        ConsumeResult result = await CallAsync(message).ConfigureAwait(false);
        if (result.IsSuccess)
        {
            ClientMetrics.Handled.Add(1);
            source.Complete(message);
            return;
        }

        ClientMetrics.HandlerFailures.Add(1);
        if (_cancelHandlers.IsCancellationRequested)
        {
            return;
        }

        if (context.IsBroadcast)
        {
            context.Log.BroadcastDropped(context.Group, message.Queue, message.QueueOffset);
            source.Complete(message);
            return;
        }

        await SendBackAsync(delivery, result).ConfigureAwait(false);
    }

    private async ValueTask<ConsumeResult> CallAsync(ReceivedMessage message)
    {
        Interlocked.Increment(ref _running);
        try
        {
            return await handler(message, _cancelHandlers.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_cancelHandlers.IsCancellationRequested)
        {
            return ConsumeResult.RetryLater;
        }
        catch (Exception error)
        {
            // Whatever the user's code throws is its own: the message comes again, everything else goes on.
            context.Log.HandlerFailed(error, context.Group, message.Queue, message.QueueOffset);
            return ConsumeResult.RetryLater;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async ValueTask SendBackAsync(Delivery delivery, ConsumeResult result)
    {
        (QueuePull source, ReceivedMessage message) = delivery;
        try
        {
            await context.Reader
                .SendBackAsync(
                    message.Queue,
                    message.LogOffset,
                    message.Topic,
                    result.DelayLevel,
                    context.MaxReconsumeTimes,
                    message.OffsetMessageId,
                    CancellationToken.None)
                .ConfigureAwait(false);
            source.Complete(message);
        }
        catch (ProtoBridgeMqException error)
        {
            context.Log.SendBackFailed(context.Group, message.Queue, message.QueueOffset, error.Message);
            _ = HandleAgainAsync(delivery);
        }
    }

    /// <summary>The broker does not take it back now: it is handled here again after a pause. Its queue's window holds the room for it.</summary>
    private async Task HandleAgainAsync(Delivery delivery)
    {
        await Task.Delay(context.Options.RetryPause, context.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_stopping.IsCancellationRequested)
        {
            context.Deliveries.TryWrite(delivery);
        }
    }
}
