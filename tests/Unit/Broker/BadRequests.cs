using System.Globalization;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class BadRequests
{
    private static readonly Dictionary<int, Dictionary<string, string>> Good = new()
    {
        [RequestCode.SendMessage] = new()
        {
            ["producerGroup"] = "p", ["topic"] = "t", ["defaultTopic"] = "TBW102", ["defaultTopicQueueNums"] = "4", ["queueId"] = "0",
            ["sysFlag"] = "0", ["bornTimestamp"] = "1", ["flag"] = "0",
        },
        [RequestCode.SendMessageV2] = new()
        {
            ["a"] = "p", ["b"] = "t", ["c"] = "TBW102", ["d"] = "4", ["e"] = "0", ["f"] = "0", ["g"] = "1", ["h"] = "0",
        },
        [RequestCode.PullMessage] = new()
        {
            ["consumerGroup"] = "g", ["topic"] = "t", ["queueId"] = "0", ["queueOffset"] = "0", ["maxMsgNums"] = "1", ["sysFlag"] = "4",
            ["commitOffset"] = "0", ["suspendTimeoutMillis"] = "0", ["subVersion"] = "0",
        },
        [RequestCode.QueryConsumerOffset] = new() { ["consumerGroup"] = "g", ["topic"] = "t", ["queueId"] = "0" },
        [RequestCode.UpdateConsumerOffset] = new() { ["consumerGroup"] = "g", ["topic"] = "t", ["queueId"] = "0", ["commitOffset"] = "0" },
        [RequestCode.GetMaxOffset] = new() { ["topic"] = "t", ["queueId"] = "0" },
        [RequestCode.GetMinOffset] = new() { ["topic"] = "t", ["queueId"] = "0" },
        [RequestCode.SearchOffsetByTimestamp] = new() { ["topic"] = "t", ["queueId"] = "0", ["timestamp"] = "1" },
        [RequestCode.ConsumerSendMsgBack] = new() { ["offset"] = "0", ["group"] = "g", ["delayLevel"] = "0" },
        [RequestCode.GetConsumerListByGroup] = new() { ["consumerGroup"] = "g" },
        [RequestCode.UnregisterClient] = new() { ["clientID"] = "c" },
        [RequestCode.UpdateAndCreateTopic] = new()
        {
            ["topic"] = "t", ["defaultTopic"] = "TBW102", ["readQueueNums"] = "1", ["writeQueueNums"] = "1", ["perm"] = "6", ["topicFilterType"] = "SINGLE_TAG",
        },
        [RequestCode.QueryMessage] = new() { ["topic"] = "t", ["key"] = "k", ["maxNum"] = "32", ["beginTimestamp"] = "0", ["endTimestamp"] = "1" },
        [RequestCode.ViewMessageById] = new() { ["offset"] = "0" },
    };

    [Fact]
    public async Task A_missing_field_is_named_in_a_system_error()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        foreach ((int code, Dictionary<string, string> fields) in Good)
        {
            foreach (string missing in fields.Keys)
            {
                using RemotingResponse answer = await client.AskAsync(code, new RawFields(fields.Where(field => field.Key != missing)), new byte[] { 1 });
                Assert.Equal(ResponseCode.SystemError, answer.Code);
                Assert.Contains(missing, answer.Remark, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Numbers_of_any_size_and_words_are_answered_and_the_connection_goes_on()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        string[] odd = ["-1", "2147483647", "-2147483648", "9223372036854775807", "99999999999999999999", "seven", "", "1.5", "\u0001"];
        foreach ((int code, Dictionary<string, string> fields) in Good)
        {
            foreach (string name in fields.Keys)
            {
                foreach (string value in odd)
                {
                    using RemotingResponse answer = await client.AskAsync(
                        code, new RawFields(fields.Select(field => field.Key == name ? KeyValuePair.Create(name, value) : field)), new byte[] { 1 });
                    Assert.InRange(answer.Code, 0, 30);
                    Assert.True(answer.Code == ResponseCode.Success || !string.IsNullOrEmpty(answer.Remark), $"code {code}, {name}={value}: {answer.Code} has a remark");
                }
            }
        }

        using RemotingResponse sent = await client.SendAsync("good", "1");
        Assert.Equal(ResponseCode.Success, sent.Code);
    }

    [Theory]
    [InlineData(RequestCode.Heartbeat)]
    [InlineData(RequestCode.LockBatchMq)]
    [InlineData(RequestCode.UnlockBatchMq)]
    [InlineData(RequestCode.UpdateAndCreateSubscriptionGroup)]
    public async Task A_body_that_is_no_json_is_an_error(int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        foreach (byte[] body in (byte[][])[[], [1, 2, 3], "{"u8.ToArray(), "[]"u8.ToArray(), "null"u8.ToArray(), "{}"u8.ToArray()])
        {
            using RemotingResponse answer = await bench.Connect().AskAsync(code, default(EmptyFields), body);
            Assert.NotEqual(ResponseCode.Success, answer.Code);
        }
    }

    [Fact]
    public async Task Bytes_of_a_body_that_are_no_text_become_replacement_characters()
    {
        await using BrokerBench bench = BrokerBench.Open();
        byte[] body = [.. "{\"groupName\":\"g\",\""u8, 0xFF, .. "\":1}"u8];
        using RemotingResponse answer = await bench.Connect().AskAsync(RequestCode.UpdateAndCreateSubscriptionGroup, default(EmptyFields), body);
        Assert.Equal((ResponseCode.Success, null), (answer.Code, answer.Remark));
    }

    [Theory]
    [InlineData(RequestCode.LockBatchMq, """{"clientId":"c","consumerGroup":"g","mqSet":[{"brokerName":"b","queueId":0}]}""")]
    [InlineData(RequestCode.UnlockBatchMq, """{"clientId":"c","consumerGroup":"g","mqSet":[{"topic":null}]}""")]
    [InlineData(RequestCode.Heartbeat, """{"clientID":"c","consumerDataSet":null,"producerDataSet":null}""")]
    [InlineData(RequestCode.Heartbeat, """{"clientID":"c","consumerDataSet":[null,{"groupName":null},{"groupName":"g","subscriptionDataSet":null}],"producerDataSet":[null,{"groupName":null}]}""")]
    [InlineData(RequestCode.Heartbeat, """{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeType":null,"consumeFromWhere":null,"messageModel":null,"subscriptionDataSet":[null,{"topic":null}]}]}""")]
    [InlineData(RequestCode.BatchAckMessage, """{"acks":[null]}""")]
    public async Task Nothing_where_a_body_should_say_something_is_passed_over(int code, string body)
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(code, default(EmptyFields), System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Equal(code == RequestCode.BatchAckMessage ? ResponseCode.NoMessage : ResponseCode.Success, answer.Code);
    }

    [Theory]
    [InlineData(12345)]
    public async Task What_this_broker_does_not_do_it_says(int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(code, default(EmptyFields));
        Assert.Equal(ResponseCode.RequestCodeNotSupported, answer.Code);
        Assert.Contains("not supported", answer.Remark, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TRAN_MSG\u0001true\u0002", ResponseCode.Success)]
    [InlineData("TRAN_MSG\u0001true\u0002DELAY\u00013\u0002", ResponseCode.MessageIllegal)]
    [InlineData("TIMER_DELAY_MS\u0001500\u0002", ResponseCode.Success)]
    [InlineData("TIMER_DELAY_MS\u0001soon\u0002", ResponseCode.MessageIllegal)]
    [InlineData("DELAY\u0001soon\u0002", ResponseCode.MessageIllegal)]
    [InlineData("DELAY\u000199\u0002", ResponseCode.Success)]
    [InlineData("no separator at all", ResponseCode.Success)]
    public async Task Properties_that_ask_for_something_are_done_or_refused(string properties, int code)
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", properties)), new byte[] { 1 });
        Assert.Equal(code, answer.Code);
    }

    [Fact]
    public async Task A_half_message_without_a_transaction_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        using RemotingResponse answer = await bench.Connect().AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", null) with { SystemFlag = 4 }), new byte[] { 1 });
        Assert.Equal(ResponseCode.NoPermission, answer.Code);
    }

    [Fact]
    public async Task Too_large_a_body_or_property_text_is_an_illegal_message()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxBodySize = 1000);
        BrokerClient client = bench.Connect();
        using RemotingResponse body = await client.SendAsync("t", new string('x', 1001));
        using RemotingResponse properties = await client.AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader("t", "a\u0001" + new string('x', 40_000))), new byte[] { 1 });
        using RemotingResponse batch = await client.SendAsync("t", "garbage", code: RequestCode.SendBatchMessage);
        Assert.Equal(
            (ResponseCode.MessageIllegal, ResponseCode.MessageIllegal, ResponseCode.MessageIllegal), (body.Code, properties.Code, batch.Code));
        Assert.Contains("1000 bytes", body.Remark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_of_another_language_is_refused()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        using (await client.SendAsync("t", "1"))
        {
        }

        Dictionary<string, string> fields = new(Good[RequestCode.PullMessage]) { ["expressionType"] = "LUA", ["subscription"] = "a > 1" };
        using RemotingResponse answer = await client.AskAsync(RequestCode.PullMessage, new RawFields(fields));
        Assert.Equal((ResponseCode.SystemError, "The broker does not support consumer to filter message by LUA"), (answer.Code, answer.Remark));
    }

    private readonly struct RawFields(IEnumerable<KeyValuePair<string, string>> values) : IHeaderWriter
    {
        public void Write(HeaderFieldsWriter fields)
        {
            foreach ((string name, string value) in values)
            {
                fields.AddUtf8(System.Text.Encoding.UTF8.GetBytes(name), System.Text.Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }
}
