using System.Text;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>What the tests of filters ask of a broker, over frames.</summary>
internal static class FilterBench
{
    public static SubscriptionData Wants(string topic, string expression, string type = "SQL92", long version = 1) =>
        new() { Topic = topic, Expression = expression, ExpressionType = type, Version = version };

    public static async Task<(int Code, string? Remark)> HeartbeatAsync(this BrokerClient client, string clientId, string group, params SubscriptionData[] wants)
    {
        var heartbeat = new HeartbeatData
        {
            ClientId = clientId,
            Consumers = [new ConsumerData { GroupName = group, Subscriptions = [.. wants] }],
        };
        using RemotingResponse answer = await client.AskAsync(RequestCode.Heartbeat, default(EmptyFields), LenientJson.Write(heartbeat, RemotingJson.Bodies.HeartbeatData));
        return (answer.Code, answer.Remark);
    }

    public static async Task<(int Code, string? Remark)> CheckAsync(this BrokerClient client, SubscriptionData? wants)
    {
        byte[] body = LenientJson.Write(new CheckClientBody { ClientId = "c", Group = "g", Subscription = wants }, RemotingJson.Bodies.CheckClientBody);
        using RemotingResponse answer = await client.AskAsync(RequestCode.CheckClientConfig, default(EmptyFields), body);
        return (answer.Code, answer.Remark);
    }

    /// <summary>Sends a message with properties <c>name=value|name=value</c>, and waits until it can be pulled.</summary>
    public static async Task PutAsync(this BrokerClient client, string topic, string body, string properties)
    {
        string text = Encoding.UTF8.GetString(GoldenFilters.Properties(properties));
        using RemotingResponse answer = await client.AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader(topic, text)), Encoding.UTF8.GetBytes(body));
        Assert.Equal(ResponseCode.Success, answer.Code);
        Assert.NotEmpty(await client.FetchAsync(topic, answer.Fields.GetInt64("queueOffset"u8), "*", "TAG", hold: 20_000).BodiesAsync());
    }

    /// <summary>A pull: with an expression when the flag 4 is set, else by what the group wants.</summary>
    public static Task<RemotingResponse> FetchAsync(
        this BrokerClient client, string topic, long offset, string? expression = null, string type = "SQL92", string group = "g", long version = 0, int hold = 0, int flags = 0)
        => client.AskAsync(RequestCode.PullMessage, new PullMessageRequestHeader
        {
            ConsumerGroup = group,
            Topic = topic,
            QueueId = 0,
            QueueOffset = offset,
            MaxMessages = 32,
            SystemFlag = flags | (expression is null ? 0 : 4) | (hold > 0 ? 2 : 0),
            CommitOffset = 0,
            SuspendTimeoutMillis = hold,
            Subscription = expression,
            SubscriptionVersion = version,
            ExpressionType = type,
        });

    public static async Task<List<string>> BodiesAsync(this Task<RemotingResponse> pull)
    {
        using RemotingResponse answer = await pull;
        Assert.Equal(ResponseCode.Success, answer.Code);
        return [.. BrokerClient.Records(answer).Select(static record => record.Body)];
    }

    public static async Task<(int Code, string? Remark)> CodeAsync(this Task<RemotingResponse> pull)
    {
        using RemotingResponse answer = await pull;
        return (answer.Code, answer.Remark);
    }
}
