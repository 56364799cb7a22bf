using System.Threading.Tasks.Sources;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>A tail over the store's log reader. Its one wait is the tail itself: waiting allocates nothing.</summary>
internal sealed class CommitLogTail : ICommitLogTail, IValueTaskSource<bool>
{
    private readonly MessageStore _store;
    private readonly Tails _tails;
    private readonly LogReader _reader;
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private bool _waiting;
    private bool _ended;

    public CommitLogTail(MessageStore store, Tails tails)
    {
        _store = store;
        _tails = tails;
        _reader = store.OpenReader(store.Dispatched.Value);
    }

    public long Position => _reader.Position;

    public long Behind => Math.Max(0, _store.Dispatched.Value - _reader.Position);

    public int Read(int maxMessages, int maxBytes, IRecordSink sink)
    {
        int count = 0;
        long bytes = 0;
        while (count < maxMessages && bytes < maxBytes)
        {
            long before = _reader.Position;
            if (!_reader.TryReadNext(out MessageRecord record))
            {
                break;
            }

            if (!sink.Accept(record.QueueOffset, record.PhysicalOffset, record.Bytes))
            {
                _reader.Seek(before);
                break;
            }

            bytes += record.Size;
            count++;
        }

        return count;
    }

    public long SkipToEnd()
    {
        long end = _store.Dispatched.Value;
        long left = Math.Max(0, end - _reader.Position);
        _reader.Seek(end);
        return left;
    }

    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_ended || Behind > 0)
            {
                return new ValueTask<bool>(!_ended);
            }

            _wait.Reset();
            _waiting = true;
        }

        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (tail, token) => ((CommitLogTail)tail!).Cancel(token), this);
        }

        return new ValueTask<bool>(this, _wait.Version);
    }

    /// <summary>The dispatched end moved.</summary>
    public void Advanced()
    {
        lock (_lock)
        {
            if (_waiting && Behind > 0)
            {
                _waiting = false;
                _wait.SetResult(true);
            }
        }
    }

    /// <summary>No more will come.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            if (_waiting)
            {
                _waiting = false;
                _wait.SetResult(false);
            }
        }
    }

    public void Dispose()
    {
        _tails.Remove(this);
        End();
        _reader.Dispose();
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _cancellation.Dispose();
        _cancellation = default;
        return _wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (_lock)
        {
            if (_waiting)
            {
                _waiting = false;
                _wait.SetException(new OperationCanceledException(token));
            }
        }
    }
}

/// <summary>The open tails: told when the dispatched end moved.</summary>
internal sealed class Tails(MessageStore store)
{
    private readonly Lock _lock = new();
    private volatile CommitLogTail[] _tails = [];

    public int Count => _tails.Length;

    public CommitLogTail Open()
    {
        var tail = new CommitLogTail(store, this);
        lock (_lock)
        {
            _tails = [.. _tails, tail];
        }

        return tail;
    }

    public void Remove(CommitLogTail tail)
    {
        lock (_lock)
        {
            _tails = [.. _tails.Where(other => !ReferenceEquals(other, tail))];
        }
    }

    public void Advanced()
    {
        foreach (CommitLogTail tail in _tails)
        {
            tail.Advanced();
        }
    }

    public void Stop()
    {
        foreach (CommitLogTail tail in _tails)
        {
            tail.End();
        }
    }
}
