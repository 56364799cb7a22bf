using System.Text;
using System.Text.Json.Serialization.Metadata;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

/// <summary>What the tests of administration ask again and again.</summary>
internal static class AdminBench
{
    public static async Task<T> BodyAsync<T, THeader>(this BrokerClient client, int code, THeader header, JsonTypeInfo<T> type)
        where T : class
        where THeader : struct, IHeaderWriter
    {
        using RemotingResponse answer = await client.AskAsync(code, header);
        Assert.Equal((ResponseCode.Success, null), (answer.Code, answer.Remark));
        return LenientJson.Read(answer.Body.Span, type);
    }

    public static async Task<(int Code, string? Remark)> TryAsync<THeader>(this BrokerClient client, int code, THeader header, string? body = null)
        where THeader : struct, IHeaderWriter
    {
        using RemotingResponse answer = await client.AskAsync(code, header, Encoding.UTF8.GetBytes(body ?? string.Empty));
        return (answer.Code, answer.Remark);
    }

    public static async Task SendManyAsync(this BrokerClient client, string topic, int count, int queueId = 0)
    {
        for (int i = 0; i < count; i++)
        {
            using RemotingResponse sent = await client.SendAsync(topic, $"{topic}-{i}", queueId: queueId);
            Assert.Equal(ResponseCode.Success, sent.Code);
        }
    }

    public static async Task CommitAsync(this BrokerClient client, string topic, string group, long offset, int queueId = 0)
    {
        using RemotingResponse done = await client.AskAsync(
            RequestCode.UpdateConsumerOffset, new UpdateConsumerOffsetRequestHeader { ConsumerGroup = group, Topic = topic, QueueId = queueId, CommitOffset = offset });
        Assert.Equal(ResponseCode.Success, done.Code);
    }

    public static async Task<long> ProgressAsync(this BrokerClient client, string topic, string group, int queueId = 0)
    {
        using RemotingResponse answer = await client.AskAsync(
            RequestCode.QueryConsumerOffset, new QueryConsumerOffsetRequestHeader { ConsumerGroup = group, Topic = topic, QueueId = queueId });
        return answer.Code == ResponseCode.Success ? answer.Fields.GetInt64("offset"u8) : -1;
    }
}
