using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace ProtoBridgeMQ.Client.Tasks;

/// <summary>An async method that waits, and the task that its caller awaits.</summary>
internal abstract class MethodBox<TResult> : IValueTaskSource<TResult>
{
    // Not readonly: it is a mutable struct.
    private ManualResetValueTaskSourceCore<TResult> _core;

    protected MethodBox() => MoveNextAction = MoveNext;

    public short Version => _core.Version;

    /// <summary>Goes on with the method.</summary>
    public Action MoveNextAction { get; }

    /// <summary>The context that the method goes on in.</summary>
    public ExecutionContext? Context { get; set; }

    public void Succeed(TResult result) => _core.SetResult(result);

    public void Fail(Exception error) => _core.SetException(error);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    public TResult GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            Context = null;
            Return();
        }
    }

    protected abstract void MoveNext();

    protected abstract void Return();
}

/// <summary>The box of one method's state machine, and those of it that rest.</summary>
internal sealed class MethodBox<TResult, TStateMachine> : MethodBox<TResult>
    where TStateMachine : IAsyncStateMachine
{
    private const int MaxPooled = 2048;

    /// <summary>The one that this thread gave back last: a thread that is told of one answer after the other begins the next send with it.</summary>
    [ThreadStatic]
    private static MethodBox<TResult, TStateMachine>? _last;

    private static readonly Lock Gate = new();
    private static readonly Stack<MethodBox<TResult, TStateMachine>> Pool = new();
    private static readonly ContextCallback Continue = static box => ((MethodBox<TResult, TStateMachine>)box!).StateMachine!.MoveNext();

    /// <summary>The method's locals and where it stands.</summary>
    public TStateMachine? StateMachine;

    public static MethodBox<TResult, TStateMachine> Rent()
    {
        if (_last is { } last)
        {
            _last = null;
            return last;
        }

        lock (Gate)
        {
            return Pool.TryPop(out MethodBox<TResult, TStateMachine>? box) ? box : new MethodBox<TResult, TStateMachine>();
        }
    }

    protected override void MoveNext()
    {
        if (Context is { } context)
        {
            ExecutionContext.Run(context, Continue, this);
        }
        else
        {
            StateMachine!.MoveNext();
        }
    }

    protected override void Return()
    {
        StateMachine = default;
        if (_last is null)
        {
            _last = this;
            return;
        }

        lock (Gate)
        {
            if (Pool.Count < MaxPooled)
            {
                Pool.Push(this);
            }
        }
    }
}
