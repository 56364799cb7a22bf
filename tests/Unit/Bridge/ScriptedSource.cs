using System.Text;
using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

/// <summary>A group source whose queues, assignment and failures the test decides.</summary>
internal sealed class ScriptedSource : IGroupSource
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GroupQueue, List<string>> _queues = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GroupAssignment Assignment { get; private set; } = GroupAssignment.None;

    public Action? MembersChanging { get; set; }

    public Dictionary<GroupQueue, long> Commits { get; } = [];

    public List<HeldMessage> SentBack { get; } = [];

    public List<IReadOnlyCollection<GroupSubscription>> Subscriptions { get; } = [];

    public Queue<Exception> SendBackFailures { get; } = new();

    /// <summary>Offsets before it were deleted.</summary>
    public long Min { get; set; }

    public bool IsDisposed { get; private set; }

    public static GroupQueue Queue(int id) => new("t", "b", id);

    public void Append(GroupQueue queue, params string[] texts)
    {
        lock (_gate)
        {
            _queues.TryAdd(queue, []);
            _queues[queue].AddRange(texts);
            Notify();
        }
    }

    public void Assign(params GroupQueue[] queues)
    {
        lock (_gate)
        {
            Assignment = new GroupAssignment(Assignment.Version + 1, queues);
            Notify();
        }
    }

    public ValueTask SubscribeAsync(IReadOnlyCollection<GroupSubscription> topics, CancellationToken cancellationToken)
    {
        Subscriptions.Add(topics);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<GroupAssignment> WaitForAssignmentAsync(long knownVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (Assignment.Version != knownVersion)
                {
                    return Assignment;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public ValueTask<long> FindStartAsync(GroupQueue queue, GroupStart start, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Commits.GetValueOrDefault(queue));
        }
    }

    public async ValueTask<GroupRead> ReadAsync(GroupQueue queue, long offset, int maxMessages, int maxBytes, TimeSpan wait, MessageBatch batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (offset < Min)
                {
                    return new GroupRead(Min, Min - offset);
                }

                List<string> texts = _queues.GetValueOrDefault(queue) ?? [];
                for (int i = (int)offset; i < texts.Count && batch.Count < maxMessages; i++)
                {
                    batch.AddCopy(Message(queue, i, texts[i]));
                }

                if (batch.Count > 0 || wait == TimeSpan.Zero)
                {
                    return new GroupRead(offset + batch.Count);
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public ValueTask CommitAsync(GroupQueue queue, long offset, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Assert.True(offset > Commits.GetValueOrDefault(queue, -1), "progress went back");
            Commits[queue] = offset;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask SendBackAsync(HeldMessage message, TimeSpan delay, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (SendBackFailures.TryDequeue(out Exception? failure))
            {
                return ValueTask.FromException(failure);
            }

            SentBack.Add(message);
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask DeadLetterAsync(HeldMessage message, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private static BridgeMessage Message(GroupQueue queue, int offset, string text) => new()
    {
        Topic = queue.Topic,
        QueueId = queue.QueueId,
        QueueOffset = offset,
        MessageId = new MessageId(1, offset),
        BornAt = default,
        StoredAt = default,
        Attempt = 1,
        Delivery = default,
        Properties = default,
        Body = Encoding.UTF8.GetBytes(text),
    };

    private void Notify()
    {
        TaskCompletionSource before = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
    }
}
