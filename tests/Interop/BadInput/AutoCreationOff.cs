using System.Net;
using System.Text;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.BadInput;

/// <summary>A gateway that does not make topics by itself refuses unknown ones, on every front in its own words.</summary>
public sealed class AutoCreationOff
{
    [Fact]
    public async Task An_unknown_topic_is_refused_and_a_created_one_is_served()
    {
        const int TopicNotExist = 17;
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(
            new GatewaySettings { Configuration = """{ "broker": { "autoCreateTopics": false } }""" });
        using RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker);
        using var client = new HttpClient { BaseAddress = gateway.Http };

        Assert.Equal(TopicNotExist, (await broker.SendAsync("unknown", 0, Encoding.UTF8.GetBytes("x"))).Code);
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(client, "unknown"));

        await broker.CreateTopicAsync("known", 4);
        Assert.Equal(0, (await broker.SendAsync("known", 0, Encoding.UTF8.GetBytes("x"))).Code);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(client, "known"));
        Assert.Empty(gateway.Failures);
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string topic)
    {
        using HttpResponseMessage response = await client.PostAsync(new Uri($"v1/topics/{topic}/messages", UriKind.Relative), new StringContent("x"));
        return response.StatusCode;
    }
}
