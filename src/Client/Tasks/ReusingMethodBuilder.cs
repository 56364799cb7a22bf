using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Client.Tasks;

/// <summary>
/// Builds async methods whose boxes are used again. The runtime's own pooling builder keeps one box for each thread and core; a send waits for
/// its broker, so hundreds are in flight, and their answers come many at once: this one keeps as many as were in flight.
/// </summary>
/// <typeparam name="TResult">What the method returns.</typeparam>
[StructLayout(LayoutKind.Auto)]
internal struct ReusingMethodBuilder<TResult>
{
    private MethodBox<TResult>? _box;
    private TResult? _result;
    private Exception? _error;

    /// <summary>The method's task: awaited once.</summary>
    public readonly ValueTask<TResult> Task
    {
        get
        {
            if (_box is not null)
            {
                return new ValueTask<TResult>(_box, _box.Version);
            }

            return _error is null ? new ValueTask<TResult>(_result!) : ValueTask.FromException<TResult>(_error);
        }
    }

    public static ReusingMethodBuilder<TResult> Create() => default;

#pragma warning disable CA1822 // The compiler calls them on an instance.
    /// <summary>As all builders: the caller's context is as before, whatever the method does to it.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
        => default(AsyncValueTaskMethodBuilder).Start(ref stateMachine);

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
        // Only for builders that box the state machine themselves.
    }
#pragma warning restore CA1822

    public void SetResult(TResult result)
    {
        if (_box is null)
        {
            _result = result;
        }
        else
        {
            _box.Succeed(result);
        }
    }

    public void SetException(Exception exception)
    {
        if (_box is null)
        {
            _error = exception;
        }
        else
        {
            _box.Fail(exception);
        }
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine
        => awaiter.OnCompleted(Box(ref stateMachine).MoveNextAction);

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine
        => awaiter.UnsafeOnCompleted(Box(ref stateMachine).MoveNextAction);

    private MethodBox<TResult> Box<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_box is null)
        {
            MethodBox<TResult, TStateMachine> box = MethodBox<TResult, TStateMachine>.Rent();
            // This builder is a field of the state machine: first the box, so that the copy knows it too.
            _box = box;
            box.StateMachine = stateMachine;
        }

        _box.Context = ExecutionContext.Capture();
        return _box;
    }
}
