using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Apache's brokers lose one of two first commits of a group in a topic that come at once.</summary>
public sealed class FirstCommitsTests
{
    private readonly FirstCommits _commits = new();
    private readonly List<MessageQueue> _begun = [];
    private readonly Dictionary<MessageQueue, TaskCompletionSource> _held = [];

    [Fact]
    public async Task The_first_of_a_topic_ends_before_the_others_begin_which_run_beside_each_other()
    {
        Task first = Commit("t", 0);
        Task second = Commit("t", 1);
        Task third = Commit("t", 2);
        Task other = Commit("u", 0);
        Assert.Equal([Queue("t", 0), Queue("u", 0)], _begun);

        End("t", 0);
        await first.Within("the first commit ended");
        await Eventually.True(() => Begun == 4, "both others began");

        End("t", 1);
        End("t", 2);
        End("u", 0);
        await Task.WhenAll(second, third, other).Within("all commits ended");
        Task later = Commit("t", 0);
        Assert.Equal(5, Begun);
        End("t", 0);
        await later.Within("a later commit ended");
    }

    [Fact]
    public async Task After_a_first_that_failed_another_one_is_the_first()
    {
        Task first = Commit("t", 0);
        Task second = Commit("t", 1);
        Task third = Commit("t", 2);

        Held("t", 0).SetException(new IOException("the broker is away"));
        await Assert.ThrowsAsync<IOException>(() => first);
        await Eventually.True(() => Begun == 2, "one more began");
        MessageQueue next = _begun[1];

        End(next.Topic, next.QueueId);
        await Eventually.True(() => Begun == 3, "the last one began");
        End("t", next.QueueId == 1 ? 2 : 1);
        await Task.WhenAll(second, third).Within("all commits ended");
    }

    private int Begun
    {
        get
        {
            lock (_held)
            {
                return _begun.Count;
            }
        }
    }

    private static MessageQueue Queue(string topic, int queueId) => new(topic, "a", queueId);

    private Task Commit(string topic, int queueId) => _commits.RunAsync(Queue(topic, queueId), 7, CommitAsync, default).AsTask();

    private ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        lock (_held)
        {
            _begun.Add(queue);
            return new ValueTask((_held[queue] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task);
        }
    }

    private void End(string topic, int queueId) => Held(topic, queueId).SetResult();

    private TaskCompletionSource Held(string topic, int queueId)
    {
        lock (_held)
        {
            return _held[Queue(topic, queueId)];
        }
    }
}
