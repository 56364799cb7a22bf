using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class OutgoingAliasTests
{
    [Fact]
    public async Task A_client_that_takes_aliases_gets_a_name_once_and_then_its_number()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s", p => p.Add(PropertyId.TopicAliasMaximum, 1));
        await wire.SendAsync(Packets.Subscribe(1, ("a/#", 1)));
        await wire.ReadTextAsync();
        foreach (string tag in new[] { "b", "b", "b" })
            await PublishAsync(host, tag);
        await wire.ExpectAsync("32 0C 00 03 61 2F 62 00 01 03 23 00 01 78");
        await wire.ExpectAsync("32 09 00 00 00 02 03 23 00 01 78");
        await wire.ExpectAsync("32 09 00 00 00 03 03 23 00 01 78");
    }

    [Fact]
    public async Task A_client_that_takes_none_gets_none()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("s");
        await wire.SendAsync(Packets.Subscribe(1, ("a/#", 0)));
        await wire.ReadTextAsync();
        for (int i = 0; i < 3; i++)
        {
            await PublishAsync(host, "b");
            Assert.Equal("PUBLISH dup=0 qos=0 retain=0 topic=a/b id=0 props={} payload=78", await wire.ReadTextAsync());
        }
    }

    [Fact]
    public async Task A_connection_begins_without_aliases_and_a_message_that_is_left_out_sets_none()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        for (int round = 0; round < 2; round++)
        {
            MqttWire wire = await host.Connect5Async("s", p => p.Add(PropertyId.TopicAliasMaximum, 5).Add(PropertyId.MaximumPacketSize, 30));
            await wire.SendAsync(Packets.Subscribe(1, ("a/#", 0)));
            await wire.ReadTextAsync();
            await PublishAsync(host, "b", new string('x', 100));
            await PublishAsync(host, "b");
            Assert.Contains("topic=a/b ", await wire.ReadTextAsync(), StringComparison.Ordinal);
            await PublishAsync(host, "b");
            Assert.Contains("topic= ", await wire.ReadTextAsync(), StringComparison.Ordinal);
            await wire.SendHexAsync("E0 00");
            await wire.ExpectClosedAsync();
        }
    }

    [Fact]
    public void A_name_that_comes_once_does_not_drive_out_one_that_comes_often()
    {
        var aliases = new OutgoingAliases(1);
        TopicAlias first = aliases.Choose("often"u8);
        Assert.Equal(new TopicAlias(1, false), first);
        aliases.Written("often"u8, first);
        Assert.Equal(default, aliases.Choose("once"u8));
        Assert.Equal(new TopicAlias(1, true), aliases.Choose("often"u8));
        Assert.Equal(new TopicAlias(1, false), aliases.Choose("once"u8));
        aliases.Written("once"u8, new TopicAlias(1, false));
        Assert.Equal(new TopicAlias(1, true), aliases.Choose("once"u8));
        Assert.Equal(default, new OutgoingAliases(1).Choose(new byte[2000]));
    }

    private static async Task PublishAsync(MqttHost host, string tag, string body = "x")
    {
        var writer = default(PropertyTextWriter);
        writer.Write(PropertyNames.Tags, tag.AsSpan());
        await host.Bridge.PublishAsync(new PublishMessage("a", System.Text.Encoding.UTF8.GetBytes(body), writer.Written) { OrderingHash = 1 });
        writer.Dispose();
    }
}
