using System.Diagnostics;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>Calls the user's handler, with hooks, activity and trace around it, and sends back what it did not handle.</summary>
internal sealed class HandlerCalls(ConsumeContext context, Func<ReceivedMessage, CancellationToken, ValueTask<ConsumeResult>> handler) : IDisposable
{
    private readonly CancellationTokenSource _cancelled = new();
    private readonly IConsumeHook[] _hooks = [.. context.Options.Hooks];
    private int _running;

    /// <summary>Handlers that run.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Whether handlers were told to give up.</summary>
    public bool IsCancelled => _cancelled.IsCancellationRequested;

    /// <summary>Tells running handlers to give up.</summary>
    public Task CancelAsync() => _cancelled.CancelAsync();

    public void Dispose() => _cancelled.Dispose();

    /// <summary>What the handler says; "later" when it throws.</summary>
    public ValueTask<ConsumeResult> CallAsync(ReceivedMessage message)
        => _hooks.Length == 0 && context.Connection.Trace is null && !ClientActivities.IsActive && !ClientMetrics.ProcessSeconds.Enabled
            ? CallHandlerAsync(message)
            : CallWatchedAsync(message);

    /// <summary>Gives a message back to its group; false when no broker takes it.</summary>
    public async ValueTask<bool> SendBackAsync(ReceivedMessage message, int delayLevel)
    {
        try
        {
            await context.Reader
                .SendBackAsync(
                    message.Queue, message.LogOffset, message.Topic, delayLevel, context.MaxReconsumeTimes, message.OffsetMessageId, CancellationToken.None)
                .ConfigureAwait(false);
            return true;
        }
        catch (ProtoBridgeMqException error)
        {
            context.Log.SendBackFailed(context.Group, message.Queue, message.QueueOffset, error.Message);
            return false;
        }
    }

    private async ValueTask<ConsumeResult> CallHandlerAsync(ReceivedMessage message, Action<Exception>? threw = null)
    {
        Interlocked.Increment(ref _running);
        try
        {
            return await handler(message, _cancelled.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_cancelled.IsCancellationRequested)
        {
            return ConsumeResult.RetryLater;
        }
        catch (Exception error)
        {
            // Whatever the user's code throws is its own: the message comes again, everything else goes on.
            context.Log.HandlerFailed(error, context.Group, message.Queue, message.QueueOffset);
            threw?.Invoke(error);
            return ConsumeResult.RetryLater;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async ValueTask<ConsumeResult> CallWatchedAsync(ReceivedMessage message)
    {
        using Activity? activity = ClientActivities.Process(message, context.Connection.ClientId, context.Group);
        foreach (IConsumeHook hook in _hooks)
        {
            Call(hook, hook => hook.Handling(message));
        }

        string? trace = context.Connection.Trace?.Handling(context.Group, message);
        long start = context.Time.GetTimestamp();
        Exception? thrown = null;
        ConsumeResult result = await CallHandlerAsync(message, error => thrown = error).ConfigureAwait(false);
        TimeSpan took = context.Time.GetElapsedTime(start);
        ClientMetrics.Processed(took, message.Topic, context.Group, result.IsSuccess, thrown);
        if (trace is not null)
        {
            context.Connection.Trace?.Handled(context.Group, trace, message, took, result.IsSuccess, thrown is not null);
        }

        if (thrown is not null)
        {
            ClientActivities.Fail(activity, thrown);
        }
        else if (!result.IsSuccess)
        {
            activity?.SetStatus(ActivityStatusCode.Error, "The handler asked for another try.");
        }

        foreach (IConsumeHook hook in _hooks)
        {
            Call(hook, hook => hook.Handled(message, result, thrown, took));
        }

        return result;
    }

    private void Call(IConsumeHook hook, Action<IConsumeHook> call)
    {
        try
        {
            call(hook);
        }
        catch (Exception error)
        {
            context.Log.HookFailed(error, hook.GetType().Name);
        }
    }
}
