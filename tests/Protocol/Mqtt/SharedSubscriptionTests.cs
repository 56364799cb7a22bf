using System.Text;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class SharedSubscriptionTests
{
    [Fact]
    public async Task Members_of_a_share_get_every_message_once_together()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire a = await JoinAsync(host, "a", "$share/g/jobs/#", credit: 1);
        MqttWire b = await JoinAsync(host, "b", "$share/g/jobs/#", credit: 1);
        await PublishAsync(host, "jobs", "x", "1");
        await PublishAsync(host, "jobs", "x", "2");
        // Nobody takes a second one before it acknowledged the first.
        string[] payloads = [PayloadOf(await a.ReadTextAsync()), PayloadOf(await b.ReadTextAsync())];
        Assert.Equal(["1", "2"], payloads.Order());
    }

    [Fact]
    public async Task The_stream_is_of_the_group_and_has_the_filter_of_the_share()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SharedLease = TimeSpan.FromMinutes(1));
        MqttWire wire = await JoinAsync(host, "a", "$share/küche/jobs/+/urgent");
        FakeStream stream = Assert.Single(host.Bridge.Streams);
        Assert.Equal(
            (StreamKind.Group, "k%C3%BCche", "jobs/+/urgent", GroupStart.Latest, TimeSpan.FromMinutes(1), "mqtt:a"),
            (stream.Request.Kind, stream.Request.Group, stream.Request.Names?.Text, stream.Request.Start, stream.Request.Lease, stream.Request.Subscriber));
        Assert.Equal(["jobs"], stream.Selection.Names);
        await PublishAsync(host, "jobs", "1/later", "no");
        await PublishAsync(host, "jobs", "1/urgent", "yes");
        Assert.Equal("yes", PayloadOf(await wire.ReadTextAsync()));
    }

    [Fact]
    public async Task Messages_that_are_not_acknowledged_come_again_at_another_member_when_the_connection_ends()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire a = await JoinAsync(host, "a", "$share/g/jobs/#");
        await PublishAsync(host, "jobs", "x", "1");
        await PublishAsync(host, "jobs", "x", "2");
        Assert.Equal("1", PayloadOf(await a.ReadTextAsync()));
        Assert.Equal("2", PayloadOf(await a.ReadTextAsync()));
        await a.SendAsync(Packets.Puback(1));
        await a.ExpectSilenceAsync();
        MqttWire b = await JoinAsync(host, "b", "$share/g/jobs/#");
        await a.BreakAsync();
        Assert.Equal("2", PayloadOf(await b.ReadTextAsync()));
        await b.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_member_is_told_how_many_messages_are_gone_before_one()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire a = await JoinAsync(host, "a", "$share/g/jobs/#");
        host.Bridge.Miss("g", 7);
        await PublishAsync(host, "jobs", "x", "1");
        await PublishAsync(host, "jobs", "x", "2");
        Assert.Contains("UserProperty=protobridge.missing:7", await a.ReadTextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("missing", await a.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_waits_for_the_group_when_nobody_is_there()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire a = await JoinAsync(host, "a", "$share/g/jobs/#");
        await a.BreakAsync();
        await a.Served.Within("the connection ended");
        await PublishAsync(host, "jobs", "x", "1");
        MqttWire b = await JoinAsync(host, "b", "$share/g/jobs/#");
        Assert.Equal("1", PayloadOf(await b.ReadTextAsync()));
    }

    [Fact]
    public async Task With_the_option_a_PUBACK_with_an_error_sends_the_message_back_with_the_next_delay()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SharedRejection = Gateway.Mqtt.Shared.SharedRejection.Retry);
        MqttWire wire = await JoinAsync(host, "a", "$share/g/jobs/#");
        await PublishAsync(host, "jobs", "x", "1");
        foreach (int seconds in (int[])[10, 30, 60])
        {
            string publish = await wire.ReadTextAsync();
            Assert.Equal("1", PayloadOf(publish));
            await wire.SendAsync(new AcknowledgementPacket { Type = PacketType.Puback, PacketId = IdOf(publish), Reason = ReasonCode.UnspecifiedError });
            await wire.ExpectSilenceAsync();
            host.Clock.Advance(TimeSpan.FromSeconds(seconds - 1));
            await wire.ExpectSilenceAsync();
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("1", PayloadOf(await wire.ReadTextAsync()));
        Assert.Equal(3, host.Counted("mqtt.shared.settled/rejected"));
        Assert.Equal(0, host.Counted("mqtt.drops/refused-by-client"));
    }

    [Fact]
    public async Task With_the_option_what_clients_refuse_to_the_last_attempt_is_a_dead_letter()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SharedRejection = Gateway.Mqtt.Shared.SharedRejection.Retry);
        MqttWire wire = await ConnectPatientAsync(host, "a");
        await SubscribeAsync(wire, "$share/g/jobs/#");
        MqttWire dead = await ConnectPatientAsync(host, "dead");
        await dead.SendAsync(Packets.Subscribe(1, ("$rmq/%DLQ%g/#", 1)));
        await dead.ExpectAsync("90 04 00 01 00 01");
        await PublishAsync(host, "jobs", "x", "1");
        for (int attempt = 1; attempt <= 17; attempt++)
        {
            string publish = await wire.ReadTextAsync();
            await wire.SendAsync(new AcknowledgementPacket { Type = PacketType.Puback, PacketId = IdOf(publish), Reason = ReasonCode.QuotaExceeded });
            await wire.ExpectSilenceAsync();
            host.Clock.Advance(host.Bridge.Capabilities.DelayLevels[Math.Min(attempt + 1, 17)]);
        }

        Assert.Equal("1", PayloadOf(await dead.ReadTextAsync()));
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_PUBACK_with_an_error_makes_a_dead_letter_at_once()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await JoinAsync(host, "a", "$share/g/jobs/#");
        MqttWire dead = await host.Connect5Async("dead");
        await dead.SendAsync(Packets.Subscribe(1, ("$rmq/%DLQ%g/#", 1)));
        await dead.ExpectAsync("90 04 00 01 00 01");
        await PublishAsync(host, "jobs", "x", "1");
        await wire.ReadTextAsync();
        await wire.SendAsync(new AcknowledgementPacket { Type = PacketType.Puback, PacketId = 1, Reason = ReasonCode.QuotaExceeded });
        Assert.Equal("1", PayloadOf(await dead.ReadTextAsync()));
    }

    [Fact]
    public async Task A_message_that_is_too_large_for_a_member_goes_to_another_one_later()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire small = await host.Connect5Async("small", p => p.Add(PropertyId.MaximumPacketSize, 100));
        await SubscribeAsync(small, "$share/g/jobs/#");
        await PublishAsync(host, "jobs", "x", new string('m', 200));
        await Eventually.True(() => host.Counted("mqtt.shared.settled/undeliverable") == 1, "the message was given back");
        MqttWire large = await JoinAsync(host, "large", "$share/g/jobs/#");
        await small.SendAsync(Packets.Unsubscribe(2, "$share/g/jobs/#"));
        await small.ExpectAsync("B0 04 00 02 00 00");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(200, PayloadOf(await large.ReadTextAsync()).Length);
    }

    [Fact]
    public async Task At_QoS_0_a_message_is_handled_when_it_is_written()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("a", p => p.Add(PropertyId.ReceiveMaximum, 1));
        await wire.SendAsync(Packets.Subscribe(1, ("$share/g/jobs/#", 0)));
        await wire.ExpectAsync("90 04 00 01 00 00");
        for (int i = 0; i < 5; i++)
        {
            await PublishAsync(host, "jobs", "x", $"{i}");
            Assert.StartsWith("PUBLISH dup=0 qos=0 retain=0 topic=jobs/x id=0 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
        }

        await Eventually.True(() => host.Counted("mqtt.shared.settled/accepted") == 5, "all five are settled");
    }

    [Fact]
    public async Task A_share_grants_at_most_QoS_1_and_changes_with_the_next_SUBSCRIBE()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("a");
        await wire.SendAsync(Packets.Subscribe(1, p => p.Add(PropertyId.SubscriptionIdentifier, 7), ("$share/g/jobs/#", 2)));
        await wire.ExpectAsync("90 04 00 01 00 01");
        await PublishAsync(host, "jobs", "x", "1");
        Assert.Contains("qos=1 retain=0 topic=jobs/x id=1 props={SubscriptionIdentifier=7}", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Subscribe(2, p => p.Add(PropertyId.SubscriptionIdentifier, 8), ("$share/g/jobs/#", 0)));
        await wire.ExpectAsync("90 04 00 02 00 00");
        await PublishAsync(host, "jobs", "x", "2");
        Assert.Contains("qos=0 retain=0 topic=jobs/x id=0 props={SubscriptionIdentifier=8}", await wire.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Single(host.Bridge.Streams);
    }

    [Fact]
    public async Task Clients_before_version_5_share_too()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect311Async("a");
        await wire.SendAsync(Packets.Subscribe(1, ("$share/g/jobs/#", 1), ("$share/g", 1)));
        await wire.ExpectAsync("90 04 00 01 01 80");
        await PublishAsync(host, "jobs", "x", "1");
        Assert.Equal("1", PayloadOf(await wire.ReadTextAsync()));
        await wire.SendAsync(Packets.Puback(1));
        await wire.ExpectSilenceAsync();
        Assert.Equal(1, host.Counted("mqtt.shared.settled/accepted"));
    }

    [Fact]
    public async Task After_UNSUBSCRIBE_nothing_more_comes_and_what_was_sent_may_still_be_acknowledged()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire a = await JoinAsync(host, "a", "$share/g/jobs/#");
        await PublishAsync(host, "jobs", "x", "1");
        Assert.Equal("1", PayloadOf(await a.ReadTextAsync()));
        await a.SendAsync(Packets.Unsubscribe(2, "$share/g/jobs/#", "$share/g/jobs/#"));
        await a.ExpectAsync("B0 05 00 02 00 00 11");
        MqttWire b = await JoinAsync(host, "b", "$share/g/jobs/#");
        await PublishAsync(host, "jobs", "x", "2");
        Assert.Equal("2", PayloadOf(await b.ReadTextAsync()));
        await a.SendAsync(Packets.Puback(1));
        await a.ExpectSilenceAsync();
        Assert.Equal(1, host.Counted("mqtt.shared.settled/accepted"));
        await a.BreakAsync();
        await a.Served.Within("the connection ended");
        await b.ExpectSilenceAsync();
    }

    [Fact]
    public async Task Two_filters_of_one_group_for_one_topic_are_refused_with_the_reason()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        await JoinAsync(host, "a", "$share/g/jobs/x/#");
        MqttWire b = await host.Connect5Async("b");
        await b.SendAsync(Packets.Subscribe(1, ("$share/g/jobs/y/#", 1), ("$share/h/jobs/y/#", 1), ("$share/g/other/y/#", 1)));
        string suback = await b.ReadTextAsync();
        Assert.Contains("ReasonString=", suback, StringComparison.Ordinal);
        Assert.Contains("another filter", suback, StringComparison.Ordinal);
        Assert.EndsWith("codes=8F0101", suback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ordinary_and_a_shared_subscription_both_receive()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("a");
        await wire.SendAsync(Packets.Subscribe(1, ("jobs/#", 1), ("$share/g/jobs/#", 1)));
        await wire.ExpectAsync("90 05 00 01 00 01 01");
        await PublishAsync(host, "jobs", "x", "1");
        Assert.Equal("1", PayloadOf(await wire.ReadTextAsync()));
        Assert.Equal("1", PayloadOf(await wire.ReadTextAsync()));
    }

    [Fact]
    public async Task No_local_on_a_shared_subscription_is_a_protocol_error()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("a");
        await wire.SendAsync(Packets.Subscribe(1, ("$share/g/jobs/#", 5)));
        await wire.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData("$share/g/$SYS/#", 0x8F)]
    [InlineData("$share/g/$rmq/+/x", 0xA2)]
    [InlineData("$share/g/$rmq/bad topic/x", 0x8F)]
    public async Task A_share_that_is_not_possible_is_refused_in_the_SUBACK(string filter, byte reason)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("a");
        await wire.SendAsync(Packets.Subscribe(1, (filter, 1)));
        string suback = await wire.ReadTextAsync();
        Assert.EndsWith($"codes={reason:X2}", suback, StringComparison.Ordinal);
        Assert.Contains("ReasonString=", suback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_share_name_that_no_group_can_have_is_refused_in_the_SUBACK()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("a");
        await wire.SendAsync(Packets.Subscribe(1, ($"$share/{new string('ü', 40)}/jobs", 1), ($"$share/{new string('u', 120)}/jobs", 1), ($"$share/{new string('u', 121)}/jobs", 1)));
        Assert.EndsWith("codes=8F018F", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shared_subscriptions_count_against_the_limit_of_a_session()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SubscriptionsPerSession = 2);
        MqttWire wire = await host.Connect5Async("a");
        await wire.SendAsync(Packets.Subscribe(1, ("x", 1), ("$share/g/jobs/#", 1), ("$share/h/jobs/#", 1), ("$share/g/jobs/#", 0)));
        Assert.EndsWith("codes=01019700", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.SendAsync(Packets.Subscribe(2, ("y", 1)));
        Assert.EndsWith("codes=97", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wildcard_in_the_first_level_follows_topics_as_they_come_and_go()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SharedTopicsInterval = TimeSpan.FromSeconds(1));
        await host.Bridge.CreateAsync("one", 4);
        await host.Bridge.CreateAsync("%24hidden", 4);
        MqttWire wire = await JoinAsync(host, "a", "$share/g/+/x");
        FakeStream stream = Assert.Single(host.Bridge.Streams);
        Assert.Equal(["one"], stream.Selection.Names);
        // What lies in a topic that comes later is received from its first message on.
        await PublishAsync(host, "two", "x", "2");
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("2", PayloadOf(await wire.ReadTextAsync()));
        Assert.Equal(["one", "two"], stream.Selection.Names.Order());
    }

    [Fact]
    public async Task A_wildcard_without_any_topic_waits_for_the_first_one()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SharedTopicsInterval = TimeSpan.FromSeconds(1));
        MqttWire wire = await JoinAsync(host, "a", "$share/g/#");
        Assert.Empty(host.Bridge.Streams);
        await PublishAsync(host, "one", "x/y", "1");
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("topic=one/x/y", await wire.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_holds_no_more_of_a_group_than_its_receive_maximum()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire a = await JoinAsync(host, "a", "$share/g/jobs/#", credit: 3);
        for (int i = 0; i < 10; i++)
            await PublishAsync(host, "jobs", "x", $"{i}");
        for (int i = 0; i < 3; i++)
            await a.ReadTextAsync();
        await a.ExpectSilenceAsync();
        // The other seven are there for others.
        MqttWire b = await JoinAsync(host, "b", "$share/g/jobs/#");
        for (int i = 0; i < 7; i++)
            await b.ReadTextAsync();
        await b.ExpectSilenceAsync();
    }

    [Fact]
    public async Task An_expired_message_of_a_group_is_not_delivered_and_done_with()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await JoinAsync(host, "a", "$share/g/jobs/#");
        await PublishAsync(host, "jobs", "x", "1", ("mqtt.expires-at", $"{host.Clock.GetUtcNow().AddSeconds(-1).ToUnixTimeMilliseconds()}"));
        await PublishAsync(host, "jobs", "x", "2");
        Assert.Equal("2", PayloadOf(await wire.ReadTextAsync()));
        Assert.Equal(1, host.Counted("mqtt.shared.settled/expired"));
    }

    private static async Task<MqttWire> JoinAsync(MqttHost host, string clientId, string filter, ushort credit = 100)
    {
        MqttWire wire = await host.Connect5Async(clientId, p => p.Add(PropertyId.ReceiveMaximum, credit));
        await SubscribeAsync(wire, filter);
        return wire;
    }

    private static async Task SubscribeAsync(MqttWire wire, string filter)
    {
        await wire.SendAsync(Packets.Subscribe(1, (filter, 1)));
        await wire.ExpectAsync("90 04 00 01 00 01");
    }

    /// <summary>A client whose keep-alive does not run out while the clock is moved.</summary>
    private static async Task<MqttWire> ConnectPatientAsync(MqttHost host, string clientId)
    {
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect(clientId, 5, keepAlive: 0));
        Assert.StartsWith("CONNACK present=0 code=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static async Task PublishAsync(MqttHost host, string topic, string tag, string body, params (string Name, string Value)[] properties)
    {
        var text = default(PropertyTextWriter);
        text.Write(PropertyNames.Tags, tag.AsSpan());
        foreach ((string name, string value) in properties)
            text.Write(Encoding.UTF8.GetBytes(name), value.AsSpan());
        await host.Bridge.PublishAsync(new PublishMessage(topic, Encoding.UTF8.GetBytes(body), text.Written));
        text.Dispose();
    }

    private static string PayloadOf(string publish)
    {
        Assert.StartsWith("PUBLISH ", publish, StringComparison.Ordinal);
        return Encoding.UTF8.GetString(Convert.FromHexString(publish[(publish.LastIndexOf('=') + 1)..]));
    }

    private static ushort IdOf(string publish)
        => ushort.Parse(publish.Split("id=")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
