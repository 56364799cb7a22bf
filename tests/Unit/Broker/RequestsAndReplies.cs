using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class RequestsAndReplies
{
    private const string ReplyTopic = "DefaultCluster_REPLY_TOPIC";

    [Theory]
    [InlineData(RequestCode.SendReplyMessage)]
    [InlineData(RequestCode.SendReplyMessageV2)]
    public async Task A_reply_is_handed_to_the_client_that_asked_and_stored(int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        var handed = new Handed(ResponseCode.Success);
        BrokerClient asking = await OnlineAsync(bench, "asker@1", handed);

        using RemotingResponse answer = await ReplyAsync(bench.Connect(), "asker@1", code: code);
        Assert.Equal((ResponseCode.Success, null), (answer.Code, answer.Remark));
        Assert.Equal((0, 0L), (answer.Fields.GetInt32("queueId"u8), answer.Fields.GetInt64("queueOffset"u8)));
        Assert.True(OffsetMessageId.TryParse(answer.Fields.GetString("msgId"u8), out _, out _));

        (ReplyMessageRequestHeader header, string body) = await handed.Taken.Within("the client takes the reply");
        Assert.Equal(("the answer", ReplyTopic, "p"), (body, header.Sent.Topic.ToString(), header.Sent.ProducerGroup.ToString()));
        Assert.Equal(("127.0.0.1:40000", "127.0.0.1:10911", 42L), (header.BornHost, header.StoreHost, header.Sent.BornTimestamp));
        string properties = header.Sent.Properties.ToString();
        Assert.Contains("CORRELATION_ID\u0001c-1\u0002", properties, StringComparison.Ordinal);
        Assert.Contains($"PUSH_REPLY_TIME\u0001{bench.Clock.GetUtcNow().ToUnixTimeMilliseconds()}\u0002", properties, StringComparison.Ordinal);
        using RemotingResponse stored = await asking.PullAsync(ReplyTopic, 0, hold: 5000);
        Assert.Equal("the answer", Assert.Single(BrokerClient.Records(stored)).Body);
    }

    [Fact]
    public async Task A_reply_that_cannot_be_handed_on_says_why_and_is_stored_all_the_same()
    {
        await using BrokerBench bench = BrokerBench.Open();
        var handed = new Handed(ResponseCode.SystemError);
        BrokerClient asking = await OnlineAsync(bench, "asker@1", handed);
        BrokerClient replying = bench.Connect();

        async Task Says(string remark, string? client)
        {
            using RemotingResponse answer = await ReplyAsync(replying, client);
            Assert.Equal((ResponseCode.SystemError, remark), (answer.Code, answer.Remark));
        }

        await Says("push reply message to asker@1fail.", "asker@1");
        await Says("push reply message fail, channel of <nobody> not found.", "nobody");
        await Says("reply message properties[REPLY_TO_CLIENT] is null", null);
        await asking.DisposeAsync();
        await Says("push reply message fail, channel of <asker@1> not found.", "asker@1");
        await Eventually.True(() => bench.Core.Offsets.Max(ReplyTopic, 0) == 4);
    }

    [Fact]
    public async Task Replies_are_not_stored_where_that_is_switched_off()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.StoreReplies = false);
        await OnlineAsync(bench, "asker@1", new Handed(ResponseCode.Success));
        using RemotingResponse answer = await ReplyAsync(bench.Connect(), "asker@1");
        Assert.Equal((ResponseCode.Success, "0"), (answer.Code, answer.Fields.GetString("msgId"u8)));
        Assert.Equal(0, bench.Core.Offsets.Max(ReplyTopic, 0));
    }

    [Fact]
    public async Task A_reply_to_a_topic_or_queue_that_is_not_there_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using RemotingResponse topic = await ReplyAsync(client, "c", topic: "absent", defaultTopic: "none");
        using RemotingResponse queue = await ReplyAsync(client, "c", queueId: 9);
        using RemotingResponse forbidden = await ReplyAsync(client, "c", topic: "SCHEDULE_TOPIC_XXXX");
        Assert.Equal(
            (ResponseCode.TopicNotExist, ResponseCode.InvalidParameter, ResponseCode.NoPermission),
            (topic.Code, queue.Code, forbidden.Code));
    }

    private static Task<RemotingResponse> ReplyAsync(
        BrokerClient client, string? to, int code = RequestCode.SendReplyMessageV2, string topic = ReplyTopic, string defaultTopic = "TBW102", int queueId = 0)
    {
        string properties = (to is null ? string.Empty : $"REPLY_TO_CLIENT\u0001{to}\u0002") + "MSG_TYPE\u0001reply\u0002CORRELATION_ID\u0001c-1\u0002TTL\u00013000\u0002";
        SendMessageRequestHeader header = BrokerClient.SendHeader(topic, properties, queueId, defaultTopic) with { BornTimestamp = 42 };
        return code == RequestCode.SendReplyMessage
            ? client.AskAsync(code, header, Encoding.UTF8.GetBytes("the answer"))
            : client.AskAsync(code, new SendMessageRequestHeaderV2(header), Encoding.UTF8.GetBytes("the answer"));
    }

    private static async Task<BrokerClient> OnlineAsync(BrokerBench bench, string clientId, Handed handed)
    {
        BrokerClient client = bench.Connect(routes => routes.Add(RequestCode.PushReplyMessageToClient, handed));
        var heartbeat = new HeartbeatData { ClientId = clientId, Producers = [new ProducerData { GroupName = "askers" }] };
        using RemotingResponse answer = await client.AskAsync(RequestCode.Heartbeat, default(EmptyFields), LenientJson.Write(heartbeat, RemotingJson.Bodies.HeartbeatData));
        Assert.Equal(ResponseCode.Success, answer.Code);
        return client;
    }

    private sealed class Handed(int code) : IRequestHandler
    {
        private readonly TaskCompletionSource<(ReplyMessageRequestHeader Header, string Body)> _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<(ReplyMessageRequestHeader Header, string Body)> Taken => _taken.Task;

        public ValueTask HandleAsync(RemotingRequest request)
        {
            ReplyMessageRequestHeader header = ReplyMessageRequestHeader.Read(request.Fields);
            _taken.TrySetResult((
                header with { Sent = header.Sent with { Topic = header.Sent.Topic.Detach(), ProducerGroup = header.Sent.ProducerGroup.Detach(), DefaultTopic = header.Sent.DefaultTopic.Detach(), Properties = header.Sent.Properties.Detach() } },
                Encoding.UTF8.GetString(request.Body.ToArray())));
            request.Reply(code);
            return default;
        }
    }
}
