namespace ProtoBridgeMQ.Client.Connections;

/// <summary>"There is something to do": sets that come before the waiter looks again count once.</summary>
/// <remarks>Thread safe; one waiter.</remarks>
internal sealed class WakeSignal
{
    private TaskCompletionSource _source = NewSource();

    public void Set() => Volatile.Read(ref _source).TrySetResult();

    /// <summary>Waits for a set; false when the time is over.</summary>
    public async ValueTask<bool> WaitAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        TaskCompletionSource source = Volatile.Read(ref _source);
        await source.Task.WaitAsync(wait, time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (!source.Task.IsCompleted)
        {
            return false;
        }

        // Renewed before the caller works: a set from now on is seen by its next wait.
        Volatile.Write(ref _source, NewSource());
        return true;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
