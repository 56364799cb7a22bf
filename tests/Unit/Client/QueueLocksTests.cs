using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Locks that are asked for while the queue goes to another member.</summary>
public sealed class QueueLocksTests
{
    private static readonly MessageQueue Queue = new("t", "a", 0);

    [Fact]
    public async Task A_lock_that_was_asked_for_and_is_not_wanted_any_more_is_given_back_once_the_broker_has_answered()
    {
        RemotingRequest? asked = null;
        ScriptedServer? broker = null;
        await using ScriptedServer scripted = broker = new ScriptedServer(
            Answers.Routes(topic => topic == "t" ? Answers.Route(1, ("a", broker!.Address)) : null),
            Answers.Heartbeats,
            Answers.Leaves,
            (RequestCode.LockBatchMq, request => asked = request),
            (RequestCode.UnlockBatchMq, request => request.Reply(ResponseCode.Success)));
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = broker.Address });
        var locks = new QueueLocks(connection, "g");
        using var stop = new CancellationTokenSource();

        Task<bool> locking = locks.TryLockAsync(Queue, stop.Token).AsTask();
        await Eventually.True(() => asked is not null, "the broker was asked for the lock");
        await stop.CancelAsync();
        Assert.False(locking.IsCompleted);
        asked!.Reply(ResponseCode.Success, default(NoFields), Encoding.UTF8.GetBytes("{\"lockOKMQSet\":[{\"brokerName\":\"a\",\"queueId\":0,\"topic\":\"t\"}]}"));
        Assert.True(await locking.Within("the lock was answered"));
        await locks.UnlockAsync(Queue, CancellationToken.None).AsTask().Within("the lock was given back");

        Assert.Equal(1, broker.Count(RequestCode.UnlockBatchMq));
    }

    [Fact]
    public async Task A_lock_whose_answer_did_not_come_is_not_trusted_and_given_back()
    {
        var clock = new ManualClock();
        ScriptedServer? broker = null;
        await using ScriptedServer scripted = broker = new ScriptedServer(
            Answers.Routes(topic => topic == "t" ? Answers.Route(1, ("a", broker!.Address)) : null),
            Answers.Heartbeats,
            Answers.Leaves,
            (RequestCode.LockBatchMq, _ => { }),
            (RequestCode.UnlockBatchMq, request => request.Reply(ResponseCode.Success)));
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = broker.Address, TimeProvider = clock });
        var locks = new QueueLocks(connection, "g");

        Task<bool> locking = locks.TryLockAsync(Queue, CancellationToken.None).AsTask();
        await Eventually.True(() => broker.Count(RequestCode.LockBatchMq) == 1, "the broker was asked for the lock");
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.False(await locking.Within("the wait for the lock ended"));
        await locks.UnlockAsync(Queue, CancellationToken.None).AsTask().Within("the lock was given back");

        Assert.Equal(1, broker.Count(RequestCode.UnlockBatchMq));
    }
}
