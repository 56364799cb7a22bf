using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Transactions;

/// <summary>A half message as the answer to its send names it.</summary>
internal sealed record Half(long Place, long PhysicalOffset, int QueueId, string UniqueKey);

/// <summary>What the broker asked.</summary>
internal sealed record Question(CheckTransactionStateRequestHeader Header, string Topic, string Body, string Properties, int QueueId, long QueueOffset);

/// <summary>A producer of transactions: sends half messages, ends them, and answers when the broker asks.</summary>
internal sealed class TransactionProducer
{
    public const string Group = "g_tx";

    public const int Unknown = EndTransactionRequestHeader.Unknown;

    public const int Commit = EndTransactionRequestHeader.Commit;

    public const int Rollback = EndTransactionRequestHeader.Rollback;

    private readonly BrokerClient _client;
    private readonly Func<Question, int>? _answer;

    public TransactionProducer(BrokerBench bench, Func<Question, int>? answer = null)
    {
        _answer = answer;
        _client = bench.Connect(routes => routes.Add(RequestCode.CheckTransactionState, new Checks(this)));
    }

    /// <summary>A broker that keeps producers without heartbeats: the clock runs faster than these could come.</summary>
    public static BrokerBench OpenBench(Action<BrokerOptions>? more = null) => BrokerBench.Open(options =>
    {
        options.ClientExpiry = TimeSpan.FromDays(1);
        more?.Invoke(options);
    });

    /// <summary>What the broker asked so far.</summary>
    public ConcurrentQueue<Question> Questions { get; } = new();

    public BrokerClient Client => _client;

    public async Task<TransactionProducer> OnlineAsync(string group = Group, string clientId = "producer@1")
    {
        var heartbeat = new HeartbeatData { ClientId = clientId, Producers = [new ProducerData { GroupName = group }] };
        using RemotingResponse answer = await _client.AskAsync(RequestCode.Heartbeat, default(EmptyFields), LenientJson.Write(heartbeat, RemotingJson.Bodies.HeartbeatData));
        Assert.Equal(ResponseCode.Success, answer.Code);
        return this;
    }

    public Task<RemotingResponse> TrySendHalfAsync(string topic, string body, string key = "K1", string more = "", int queueId = 0, int flag = MessageSysFlag.TransactionPrepared, long born = 0)
    {
        string properties = $"TRAN_MSG\u0001true\u0002PGROUP\u0001{Group}\u0002UNIQ_KEY\u0001{key}\u0002KEYS\u0001order-{key}\u0002TAGS\u0001red\u0002{more}";
        SendMessageRequestHeader header = BrokerClient.SendHeader(topic, properties, queueId) with { SystemFlag = flag, BornTimestamp = born };
        return _client.AskAsync(RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(header), Encoding.UTF8.GetBytes(body));
    }

    public async Task<Half> SendHalfAsync(BrokerBench bench, string topic, string body, string key = "K1", string more = "", int queueId = 0)
    {
        using RemotingResponse sent = await TrySendHalfAsync(topic, body, key, more, queueId, born: bench.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        Assert.Equal((ResponseCode.Success, null), (sent.Code, sent.Remark));
        Assert.True(OffsetMessageId.TryParse(sent.Fields.GetString("msgId"u8), out _, out long offset));
        Assert.Equal(key, sent.Fields.GetString("transactionId"u8));
        return new Half(sent.Fields.GetInt64("queueOffset"u8), offset, sent.Fields.GetInt32("queueId"u8), key);
    }

    public Task<RemotingResponse> EndAsync(Half half, int outcome, string group = Group, bool asked = false) => EndAsync(half.Place, half.PhysicalOffset, half.UniqueKey, outcome, group, asked);

    public Task<RemotingResponse> EndAsync(long place, long physicalOffset, string key, int outcome, string group = Group, bool asked = false) =>
        _client.AskAsync(RequestCode.EndTransaction, new EndTransactionRequestHeader
        {
            ProducerGroup = group,
            TransactionStateTableOffset = place,
            CommitLogOffset = physicalOffset,
            CommitOrRollback = outcome,
            FromTransactionCheck = asked,
            MessageId = key,
        });

    public async Task<int> EndedAsync(Half half, int outcome, bool asked = false)
    {
        using RemotingResponse answer = await EndAsync(half, outcome, asked: asked);
        return answer.Code;
    }

    private sealed class Checks(TransactionProducer producer) : IRequestHandler
    {
        public async ValueTask HandleAsync(RemotingRequest request)
        {
            CheckTransactionStateRequestHeader header = CheckTransactionStateRequestHeader.Read(request.Fields);
            Question question = Read(header, request);
            producer.Questions.Enqueue(question);
            if (producer._answer is { } answer && answer(question) is var outcome and not -1)
            {
                using RemotingResponse ended = await producer.EndAsync(
                    header.TransactionStateTableOffset, header.CommitLogOffset, header.MessageId!, outcome, asked: true);
                Assert.Equal((ResponseCode.Success, null), (ended.Code, ended.Remark));
            }
        }

        private static Question Read(in CheckTransactionStateRequestHeader header, RemotingRequest request)
        {
            byte[] body = System.Buffers.BuffersExtensions.ToArray(request.Body);
            Assert.Equal(RecordError.None, MessageRecord.TryRead(body, out MessageRecord record));
            Assert.Equal(body.Length, record.Size);
            Assert.True(record.BodyCrcMatches);
            Assert.Equal(header.CommitLogOffset, record.PhysicalOffset);
            return new Question(
                header, record.TopicString, Encoding.UTF8.GetString(record.Body), Encoding.UTF8.GetString(record.Properties), record.QueueId, record.QueueOffset);
        }
    }
}
