using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using ProtoBridgeMQ.Remoting.Bodies;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

/// <summary>Bodies of administration that Apache's brokers sent are understood, and written again byte for byte.</summary>
public sealed class AdminBodyTests
{
    [Theory]
    [InlineData(202)]
    [InlineData(203)]
    [InlineData(204)]
    [InlineData(208)]
    [InlineData(222)]
    [InlineData(300)]
    [InlineData(305)]
    [InlineData(315)]
    [InlineData(317)]
    [InlineData(321)]
    [InlineData(907)]
    public void A_recorded_answer_is_written_again_byte_for_byte(int code)
    {
        var seen = 0;
        foreach (var recorded in RecordedFrames.All.Where(frame => frame.RequestCode == code && frame.IsResponse))
        {
            var body = RecordedFrames.Cut(recorded.Bytes).Body.ToArray();
            if (body.Length == 0)
                continue;
            Assert.Equal(Encoding.UTF8.GetString(body), Encoding.UTF8.GetString(Again(code, body)));
            seen++;
        }
        Assert.True(seen > 0, $"no answer to {code} was recorded");
    }

    [Fact]
    public void Queues_as_keys_are_read_with_their_values()
    {
        var table = LenientJson.Read(
            "{\"offsetTable\":{{\"brokerName\":\"b\",\"queueId\":3,\"topic\":\"t\"}:7,{'topic':'u',queueId:0,\"brokerName\":\"b\"}:-1}}"u8,
            AdminJson.Bodies.ResetOffsetBody);
        Assert.Equal(
            [new MessageQueueData { BrokerName = "b", QueueId = 3, Topic = "t" }, new MessageQueueData { BrokerName = "b", QueueId = 0, Topic = "u" }],
            table.Offsets.Entries.Select(entry => entry.Key));
        Assert.Equal([7, -1], table.Offsets.Entries.Select(entry => entry.Value));
    }

    [Theory]
    [InlineData("{\"offsetTable\":{{}")]
    [InlineData("{\"offsetTable\":{{{{{{1:1}:1}:1}:1}:1}:1}:1}")]
    [InlineData("{\"offsetTable\":{{\"queueId\":99999999999}:1}}")]
    [InlineData("{\"offsetTable\":{\"x\":1}}")]
    [InlineData("{\"offsetTable\":[]}")]
    public void A_broken_map_by_queue_is_a_remoting_error(string given) =>
        Assert.Throws<ProtoBridgeMQ.Remoting.RemotingException>(() => LenientJson.Read(Encoding.UTF8.GetBytes(given), AdminJson.Bodies.ResetOffsetBody));

    private static byte[] Again(int code, byte[] body) => code switch
    {
        202 => Again(body, AdminJson.Bodies.TopicStatsTable),
        203 => Again(body, AdminJson.Bodies.ConsumerConnection),
        204 => Again(body, AdminJson.Bodies.ProducerConnection),
        208 => Again(body, AdminJson.Bodies.ConsumeStats),
        222 => Again(body, AdminJson.Bodies.ResetOffsetBody),
        300 => Again(body, AdminJson.Bodies.GroupList),
        305 => Again(body, RemotingJson.Bodies.TopicList),
        315 => Again(body, AdminJson.Bodies.BrokerStatsData),
        317 => Again(body, AdminJson.Bodies.ConsumeStatsList),
        321 => Again(body, AdminJson.Bodies.QueryConsumeQueueResponseBody),
        _ => Again(body, AdminJson.Bodies.HaRuntimeInfo),
    };

    private static byte[] Again<T>(byte[] body, JsonTypeInfo<T> type)
        where T : class => LenientJson.Write(LenientJson.Read(body, type), type);
}
