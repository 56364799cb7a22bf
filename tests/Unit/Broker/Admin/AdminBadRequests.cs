using System.Text;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

public class AdminBadRequests
{
    private static readonly Dictionary<int, Dictionary<string, string>> Good = new()
    {
        [RequestCode.GetTopicStatsInfo] = new() { ["topic"] = "t" },
        [RequestCode.GetConsumerConnectionList] = new() { ["consumerGroup"] = "g" },
        [RequestCode.GetProducerConnectionList] = new() { ["producerGroup"] = "g" },
        [RequestCode.GetConsumeStats] = new() { ["consumerGroup"] = "g" },
        [RequestCode.QueryTopicConsumeByWho] = new() { ["topic"] = "t" },
        [RequestCode.QueryTopicsByConsumer] = new() { ["group"] = "g" },
        [RequestCode.QuerySubscriptionByConsumer] = new() { ["group"] = "g" },
        [RequestCode.QueryConsumeTimeSpan] = new() { ["topic"] = "t", ["group"] = "g" },
        [RequestCode.QueryCorrectionOffset] = new() { ["topic"] = "t", ["compareGroup"] = "g" },
        [RequestCode.GetSubscriptionGroupConfig] = new() { ["group"] = "g" },
        [RequestCode.InvokeBrokerToResetOffset] = new() { ["topic"] = "t", ["group"] = "g", ["timestamp"] = "0", ["isForce"] = "true" },
        [RequestCode.InvokeBrokerToGetConsumerStatus] = new() { ["topic"] = "t", ["group"] = "g" },
        [RequestCode.GetConsumerRunningInfo] = new() { ["consumerGroup"] = "g", ["clientId"] = "c" },
        [RequestCode.ConsumeMessageDirectly] = new() { ["consumerGroup"] = "g" },
        [RequestCode.CloneGroupOffset] = new() { ["srcGroup"] = "g", ["destGroup"] = "h" },
        [RequestCode.ViewBrokerStatsData] = new() { ["statsName"] = "TOPIC_PUT_NUMS", ["statsKey"] = "t" },
        [RequestCode.GetBrokerConsumeStats] = new() { ["isOrder"] = "false" },
        [RequestCode.DeleteSubscriptionGroup] = new() { ["groupName"] = "g" },
        [RequestCode.DeleteTopicInBroker] = new() { ["topic"] = "t" },
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
                (int answered, string? remark) = await client.TryAsync(code, new Fields(fields.Where(field => field.Key != missing)));
                Assert.Equal((code, ResponseCode.SystemError), (code, answered));
                Assert.Contains(missing, remark, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Values_of_any_kind_are_answered_and_the_connection_goes_on()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await client.SendManyAsync("t", 2);
        foreach ((int code, Dictionary<string, string> good) in Good)
        {
            Dictionary<string, string> fields = new(good) { ["queueId"] = "0", ["offset"] = "0", ["index"] = "0", ["count"] = "1", ["msgId"] = "x", ["topicList"] = ";" };
            foreach (string name in fields.Keys)
            {
                foreach (string value in (string[])["-1", "2147483647", "-2147483648", "9223372036854775807", "99999999999999999999", "seven", "", "1.5", "\u0001", "t@g@t", new string('x', 5000)])
                {
                    (int answered, string? remark) = await client.TryAsync(code, new Fields(fields.Select(field => field.Key == name ? KeyValuePair.Create(name, value) : field)));
                    Assert.True(answered == ResponseCode.Success || !string.IsNullOrEmpty(remark), $"code {code}, {name}={value}: {answered} has a remark");
                    Assert.DoesNotContain("the request failed", remark ?? string.Empty, StringComparison.Ordinal);
                }
            }
        }

        await client.SendManyAsync("t", 1);
    }

    [Theory]
    [InlineData(RequestCode.UpdateAndCreateTopicList, "topicConfigList")]
    [InlineData(RequestCode.UpdateAndCreateSubscriptionGroupList, "groupConfigList")]
    public async Task A_body_that_is_no_list_is_an_error_that_names_the_list(int code, string list)
    {
        await using BrokerBench bench = BrokerBench.Open();
        foreach (string body in (string[])["", "{", "[]", "null", "{}", $"{{\"{list}\":7}}", "\u0001\u0002"])
        {
            (int answered, string? remark) = await bench.Connect().TryAsync(code, default(EmptyFields), body);
            Assert.Equal(ResponseCode.SystemError, answered);
            Assert.Contains(list, remark, StringComparison.Ordinal);
        }

        (int refused, _) = await bench.Connect().TryAsync(code, default(EmptyFields), $"{{\"{list}\":[7,null,\"x\",{{}}]}}");
        Assert.Equal(ResponseCode.InvalidParameter, refused);
    }

    private readonly struct Fields(IEnumerable<KeyValuePair<string, string>> values) : IHeaderWriter
    {
        public void Write(HeaderFieldsWriter fields)
        {
            foreach ((string name, string value) in values)
            {
                fields.AddUtf8(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
            }
        }
    }
}
