using System.Globalization;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>The few requests to a broker that the tests make by hand.</summary>
internal sealed class RawBroker(RawRemoting remoting) : IDisposable
{
    private const int Pull = 11;
    private const int QueryOffset = 14;
    private const int UpdateOffset = 15;
    private const int CreateTopic = 17;
    private const int EndTransaction = 37;
    private const int MaxOffset = 30;
    private const int MinOffset = 31;
    private const int SendSecond = 310;
    private const int Recall = 370;

    private const int Success = 0;
    private const int QueryNotFound = 22;
    private const int SubscriptionFlag = 4;
    private const int PullBatch = 32;

    /// <summary>Connects to a broker on loopback.</summary>
    public static async Task<RawBroker> ConnectAsync(int port) => new(await RawRemoting.ConnectAsync(port));

    /// <summary>Creates a topic.</summary>
    public async Task CreateTopicAsync(string topic, int queues)
    {
        RawAnswer answer = await remoting.AskAsync(
            CreateTopic,
            [("topic", topic), ("defaultTopic", "TBW102"), ("readQueueNums", Text(queues)), ("writeQueueNums", Text(queues)), ("perm", "6"),
                ("topicFilterType", "SINGLE_TAG"), ("topicSysFlag", "0"), ("order", "false")]);
        Assert.True(answer.Code == Success, answer.Remark);
    }

    /// <summary>Sends and waits for the answer.</summary>
    public Task<RawAnswer> SendAsync(string topic, int queue, ReadOnlyMemory<byte> body, params (string Name, string Value)[] properties)
        => remoting.AskAsync(
            SendSecond,
            [("a", "interop"), ("b", topic), ("c", "TBW102"), ("d", "4"), ("e", Text(queue)), ("f", "0"), ("g", "1700000000000"),
                ("h", "0"), ("i", string.Concat(properties.Select(property => $"{property.Name}\x01{property.Value}\x02"))), ("j", "0"), ("k", "false"), ("m", "false")],
            body);

    /// <summary>Calls a message back that waits for its time.</summary>
    public Task<RawAnswer> RecallAsync(string topic, string handle)
        => remoting.AskAsync(Recall, [("producerGroup", "interop"), ("topic", topic), ("recallHandle", handle)]);

    /// <summary>Ends a transaction.</summary>
    public Task<RawAnswer> EndTransactionAsync(string group, long place, long physicalOffset, int outcome, string key)
        => remoting.AskAsync(
            EndTransaction,
            [("producerGroup", group), ("tranStateTableOffset", Text(place)), ("commitLogOffset", Text(physicalOffset)),
                ("commitOrRollback", Text(outcome)), ("fromTransactionCheck", "false"), ("msgId", key), ("transactionId", key)]);

    /// <summary>Pulls what is there from an offset on; nothing where there is nothing.</summary>
    public async Task<(IReadOnlyList<StoredMessage> Messages, long Next)> PullAsync(string topic, int queue, long offset, string group)
    {
        RawAnswer answer = await remoting.AskAsync(
            Pull,
            [("consumerGroup", group), ("topic", topic), ("queueId", Text(queue)), ("queueOffset", Text(offset)), ("maxMsgNums", Text(PullBatch)),
                ("sysFlag", Text(SubscriptionFlag)), ("commitOffset", "0"), ("suspendTimeoutMillis", "0"), ("subscription", "*"), ("subVersion", "0"),
                ("expressionType", "TAG")]);
        return answer.Code == Success
            ? (StoredMessage.ReadAll(answer.Body), answer.Number("nextBeginOffset"))
            : ([], answer.Fields.ContainsKey("nextBeginOffset") ? answer.Number("nextBeginOffset") : offset);
    }

    /// <summary>The progress of a group; -1 where there is none.</summary>
    public async Task<long> ProgressAsync(string group, string topic, int queue)
    {
        RawAnswer answer = await remoting.AskAsync(QueryOffset, [("consumerGroup", group), ("topic", topic), ("queueId", Text(queue))]);
        Assert.True(answer.Code is Success or QueryNotFound, answer.Remark);
        return answer.Code == Success ? answer.Number("offset") : -1;
    }

    /// <summary>Saves the progress of a group.</summary>
    public async Task CommitAsync(string group, string topic, int queue, long offset)
    {
        RawAnswer answer = await remoting.AskAsync(
            UpdateOffset, [("consumerGroup", group), ("topic", topic), ("queueId", Text(queue)), ("commitOffset", Text(offset))]);
        Assert.True(answer.Code == Success, answer.Remark);
    }

    /// <summary>First and next offset of a queue; both 0 where the queue does not exist.</summary>
    public async Task<(long First, long Next)> RangeAsync(string topic, int queue)
    {
        (string, string)[] fields = [("topic", topic), ("queueId", Text(queue))];
        RawAnswer first = await remoting.AskAsync(MinOffset, fields);
        RawAnswer next = await remoting.AskAsync(MaxOffset, fields);
        return first.Code == Success && next.Code == Success
            ? (Math.Max(0, first.Number("offset")), Math.Max(0, next.Number("offset")))
            : (0, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => remoting.Dispose();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
