using System.Runtime.CompilerServices;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Support;

/// <summary>A transition that a test waits for. When it does not come in time, the failure says which one.</summary>
/// <param name="what">The transition, in words: <c>consumer saw message 7</c>.</param>
public sealed class Signal(string what)
{
    private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it came.</summary>
    public bool IsSet => _set.Task.IsCompleted;

    /// <summary>It came.</summary>
    public void Set() => _set.TrySetResult();

    /// <summary>Waits for it.</summary>
    public Task WaitAsync(TimeSpan? timeout = null) => _set.Task.Within(what, timeout);
}

/// <summary>Waits whose failure names what did not happen.</summary>
public static class Waiting
{
    /// <summary>Long enough for a busy machine; only failing tests wait so long.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Awaits the task, or fails with the words.</summary>
    public static async Task Within(this Task task, string what, TimeSpan? timeout = null)
    {
        try
        {
            await task.WaitAsync(timeout ?? Patience).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw DidNotCome(what, timeout);
        }
    }

    /// <summary>Awaits the task, or fails with the words.</summary>
    public static async Task<T> Within<T>(this Task<T> task, string what, TimeSpan? timeout = null)
    {
        await ((Task)task).Within(what, timeout).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    /// <summary>Awaits the task, or fails with the words.</summary>
    public static Task<T> Within<T>(this ValueTask<T> task, string what, TimeSpan? timeout = null)
        => task.AsTask().Within(what, timeout);

    /// <summary>Awaits the task, or fails with the words.</summary>
    public static Task Within(this ValueTask task, string what, TimeSpan? timeout = null)
        => task.AsTask().Within(what, timeout);

    internal static XunitException DidNotCome(string what, TimeSpan? timeout)
        => new($"After {(timeout ?? Patience).TotalSeconds:0.#} s this had not happened: {what}");
}

/// <summary>Looks again and again; for state that has no signal.</summary>
public static class Eventually
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until the condition holds, or fails with the words.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? timeout = null)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!await condition().ConfigureAwait(false))
        {
            if (TimeProvider.System.GetElapsedTime(start) > (timeout ?? Waiting.Patience))
            {
                throw Waiting.DidNotCome(what, timeout);
            }

            await Task.Delay(LookAgain, TimeProvider.System).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the condition holds, or fails with the words (the condition's text by default).</summary>
    public static async Task True(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? timeout = null)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > (timeout ?? Waiting.Patience))
            {
                throw Waiting.DidNotCome(what, timeout);
            }

            await Task.Delay(LookAgain, TimeProvider.System).ConfigureAwait(false);
        }
    }
}
