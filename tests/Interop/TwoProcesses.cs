using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop;

/// <summary>A gateway that fronts the broker of a second process, found through its name server.</summary>
public sealed class TwoProcesses(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _cluster = running.Process;

    [Fact]
    public async Task What_one_gateway_takes_the_group_of_the_other_receives()
    {
        await using GatewayProcess front = await FrontAsync();
        using var near = new Rest(_cluster);
        using var far = new Rest(front);

        await far.PublishAsync("two", "tag=kitchen/temp&key=k1", "through the front", ("unit", "celsius"));
        JsonObject message = (await near.TakeAsync("two", "near", 1))[0];
        Assert.Equal("through the front", (string?)message["body"]);
        Assert.Equal("kitchen/temp", (string?)message["tag"]);
        Assert.Equal("k1", (string?)message["keys"]![0]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);

        Assert.Equal("through the front", (string?)(await far.TakeAsync("two", "far", 1))[0]["body"]);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task A_device_of_one_gateway_receives_from_a_device_of_the_other()
    {
        await using GatewayProcess front = await FrontAsync();
        using (RawMqtt first = await RawMqtt.ConnectAsync(_cluster.Ports.Mqtt, "first"))
        {
            await first.PublishAsync("pair/kitchen/temp", "makes the topic");
        }

        await using MosquittoSubscription far = await Mosquitto.SubscribeAsync(front, "pair/+/temp", "-q", "1", "-V", "5");
        await using MosquittoSubscription near = await Mosquitto.SubscribeAsync(_cluster, "pair/+/temp", "-q", "1", "-V", "5");

        await Mosquitto.PublishAsync(_cluster, "pair/kitchen/temp", "to the front", "-q", "1", "-V", "5", "-D", "publish", "user-property", "unit", "celsius");
        await Mosquitto.PublishAsync(front, "pair/kitchen/temp", "from the front", "-q", "1");

        Assert.Contains("unit:celsius", (await far.MessageAsync("to the front")).UserProperties, StringComparison.Ordinal);
        await far.MessageAsync("from the front");
        await near.MessageAsync("to the front");
        await near.MessageAsync("from the front");
    }

    private Task<GatewayProcess> FrontAsync() => GatewayProcess.StartAsync(new GatewaySettings { NameServers = _cluster.NameServer });
}
