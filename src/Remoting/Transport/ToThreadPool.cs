using System.Runtime.CompilerServices;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Awaited, goes on with a thread of the pool.</summary>
internal readonly struct ToThreadPool : ICriticalNotifyCompletion
{
    public static ToThreadPool Switch => default;

    public bool IsCompleted => Thread.CurrentThread.IsThreadPoolThread;

    public ToThreadPool GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static run => run(), continuation, preferLocal: false);

    public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static run => run(), continuation, preferLocal: false);
}
