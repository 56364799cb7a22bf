using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support.Access;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Access control in MQTT's own terms.</summary>
public sealed class AccessTests
{
    private const string Rules = """
        { "rules": [
          { "deny": ["connect"], "clients": ["root*"] },
          { "deny": ["subscribe"], "topics": ["devices/secret/#"] },
          { "allow": ["publish", "subscribe"], "topics": ["devices/#"] },
          { "allow": ["publish"], "topics": ["own/%c/%u"] } ] }
        """;

    [Theory]
    [InlineData("ada", "one", 0x00, 0)]
    [InlineData("ada", "two", 0x86, 4)]
    [InlineData("eve", "one", 0x86, 4)]
    [InlineData(null, null, 0x87, 5)]
    [InlineData("ada", null, 0x86, 4)]
    public async Task A_client_is_let_in_or_refused_by_the_code_of_its_version(string? user, string? password, byte reason, byte code)
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = host.Open();
        MqttWire four = host.Open();

        await five.SendAsync(Connect("c5", 5, user, password));
        await four.SendAsync(Connect("c4", 4, user, password));

        Assert.StartsWith($"CONNACK present=0 code={reason}", await five.ReadTextAsync(), StringComparison.Ordinal);
        await four.ExpectAsync($"20 02 00 {code:X2}");
        if (reason == 0)
            return;

        await five.ExpectClosedAsync();
        await four.ExpectClosedAsync();
        Assert.Equal(["connect", "connect"], kit.Control.Audit.Recent().Select(refusal => refusal.Action));
    }

    [Fact]
    public async Task A_client_identifier_that_is_denied_is_refused()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = host.Open();
        MqttWire four = host.Open();

        await five.SendAsync(Connect("root1", 5, "ada", "one"));
        await four.SendAsync(Connect("root2", 4, "ada", "one"));

        Assert.StartsWith("CONNACK present=0 code=133", await five.ReadTextAsync(), StringComparison.Ordinal);
        await four.ExpectAsync("20 02 00 02");
    }

    [Theory]
    [InlineData("devices/gone", 0, 0)]
    [InlineData("other/gone", 0x87, 5)]
    public async Task A_will_is_judged_at_CONNECT(string topic, byte reason, byte code)
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = host.Open();
        MqttWire four = host.Open();
        var will = new Will(topic, Encoding.UTF8.GetBytes("x"), 1, false, default);

        await five.SendAsync(Connect("c5", 5, "ada", "one", will: will));
        await four.SendAsync(Connect("c4", 4, "ada", "one", will: will));

        Assert.StartsWith($"CONNACK present=0 code={reason}", await five.ReadTextAsync(), StringComparison.Ordinal);
        await four.ExpectAsync($"20 02 00 {code:X2}");
    }

    [Fact]
    public async Task A_forbidden_publish_is_told_in_the_PUBACK_and_closes_before_version_5()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = await ConnectedAsync(host, "c5", 5);
        MqttWire four = await ConnectedAsync(host, "c4", 4);

        await five.SendAsync(Packets.Publish("devices/a", "x", 1, 1));
        await five.SendAsync(Packets.Publish("other/a", "x", 1, 2));
        await five.SendAsync(Packets.Publish("own/c5/ada", "x", 1, 3));
        await five.SendAsync(Packets.Publish("own/c4/ada", "x", 1, 4));

        Assert.StartsWith("PUBACK id=1 reason=0", await five.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=2 reason=135", await five.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=3 reason=0", await five.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=4 reason=135", await five.ReadTextAsync(), StringComparison.Ordinal);
        await four.SendAsync(Packets.Publish("other/a", "x", 1, 1));
        await four.ExpectClosedAsync();
        Assert.Contains(kit.Control.Audit.Recent(), refusal => refusal is { Action: "publish", User: "ada", Client: "c4", What: "other/a", Why: "no rule" });
    }

    [Fact]
    public async Task A_forbidden_publish_without_an_acknowledgement_disconnects()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = await ConnectedAsync(host, "c5", 5);

        await five.SendAsync(Packets.Publish("other/a", "x"));

        await five.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task A_forbidden_filter_is_refused_beside_others_that_are_granted()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = await ConnectedAsync(host, "c5", 5);
        MqttWire four = await ConnectedAsync(host, "c4", 4);

        await five.SendAsync(Packets.Subscribe(1, ("#", 1), ("devices/#", 1), ("devices/secret/x", 1), ("$SYS/#", 1)));
        await four.SendAsync(Packets.Subscribe(1, ("#", 1), ("devices/#", 1)));

        Assert.Equal("90 07 00 01 00 87 01 87 87", Hex(await five.ReadAsync()));
        Assert.Equal("90 04 00 01 80 01", Hex(await four.ReadAsync()));
    }

    [Fact]
    public async Task What_a_subscriber_may_not_receive_is_left_out()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = await ConnectedAsync(host, "c5", 5);
        await five.SendAsync(Packets.Subscribe(1, ("devices/#", 0)));
        await five.ReadAsync();

        await five.SendAsync(Packets.Publish("devices/secret/x", "no"));
        await five.SendAsync(Packets.Publish("devices/x", "yes"));

        Assert.Contains("devices/x", await five.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(1, host.Counted("mqtt.drops/not-authorized"));
    }

    [Fact]
    public async Task What_is_left_out_of_a_kept_session_does_not_use_up_its_window()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog(), access: kit.Control);
        MqttWire publisher = await ConnectedAsync(host, "p", 5);
        MqttWire five = host.Open();
        await five.SendAsync(Connect("kept", 5, "ada", "one", properties => properties.Add(PropertyId.SessionExpiryInterval, 600).Add(PropertyId.ReceiveMaximum, 2)));
        await five.ReadAsync();
        await five.SendAsync(Packets.Subscribe(1, ("devices/#", 1)));
        await five.ReadAsync();

        for (ushort id = 1; id <= 5; id++)
        {
            await publisher.SendAsync(Packets.Publish("devices/secret/x", "no", 1, id));
            await publisher.ReadAsync();
        }

        await publisher.SendAsync(Packets.Publish("devices/x", "yes", 1, 6));

        Assert.Contains("devices/x", await five.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changed_rules_reach_clients_that_are_connected()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = await ConnectedAsync(host, "c5", 5);
        await five.SendAsync(Packets.Subscribe(1, ("devices/#", 0)));
        await five.ReadAsync();

        kit.WithRules("""{ "rules": [ { "allow": ["publish"], "topics": ["#"] }, { "allow": ["subscribe"], "topics": ["devices/b"] } ] }""");
        kit.Control.LookAtFiles();
        await five.SendAsync(Packets.Publish("devices/a", "no"));
        await five.SendAsync(Packets.Publish("devices/b", "yes"));

        Assert.Contains("devices/b", await five.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anonymous_clients_are_held_to_the_rules_for_them()
    {
        using AccessKit kit = new AccessKit().WithRules("""{ "rules": [ { "allow": ["publish"], "anonymous": true, "topics": ["public/#"] } ] }""");
        kit.Options.AllowAnonymous = true;
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire five = await host.Connect5Async("c5");

        await five.SendAsync(Packets.Publish("public/a", "x", 1, 1));
        await five.SendAsync(Packets.Publish("private/a", "x", 1, 2));

        Assert.StartsWith("PUBACK id=1 reason=0", await five.ReadTextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("PUBACK id=2 reason=135", await five.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_connection_whose_token_expires_is_closed_and_its_will_published(int version)
    {
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        using AccessKit kit = new AccessKit().WithKeys($$"""{ "keys": [ {{Token.Jwk(rsa)}} ] }""").WithRules(Rules);
        await using MqttHost host = await MqttHost.StartAsync(clock: kit.Clock, access: kit.Control);
        string token = Token.Rs256(rsa, new { sub = "ada", exp = kit.Clock.GetUtcNow().ToUnixTimeSeconds() + 30 });
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect("c", version, "ada", token, will: new Will("devices/c", "gone"u8.ToArray(), 0, false, default)));
        Assert.StartsWith("CONNACK present=0 code=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        kit.Clock.Advance(TimeSpan.FromSeconds(20));
        await wire.ExpectSilenceAsync();
        kit.Clock.Advance(TimeSpan.FromSeconds(80));
        if (version == 5)
            await wire.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
        await wire.ExpectClosedAsync();
        await host.Bridge.WaitForPublishesAsync(1);
    }

    [Fact]
    public async Task A_will_whose_topic_was_forbidden_meanwhile_is_not_published()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect("c", 5, "ada", "one", will: new Will("devices/c", "gone"u8.ToArray(), 0, false, default)));
        Assert.StartsWith("CONNACK present=0 code=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        kit.WithRules("""{ "rules": [ { "deny": ["publish"], "topics": ["devices/#"] } ] }""");
        kit.Clock.Advance(kit.Options.ReloadInterval);
        await wire.BreakAsync();
        await wire.Served;
        Assert.Empty(host.Bridge.Published);
        Assert.Contains("will", kit.Control.Audit.Recent().Select(refusal => refusal.Action));
    }

    private static AccessKit Kit() => new AccessKit().WithUsers(("ada", "one", [])).WithRules(Rules);

    private static byte[] Connect(string clientId, int version, string? user, string? password, Action<PropertyBlockWriter>? properties = null, Will? will = null)
    {
        var block = new PropertyBlockWriter();
        properties?.Invoke(block);
        var packet = new ConnectPacket
        {
            Properties = block.Block,
            Will = will,
            Version = (ProtocolVersion)version,
            CleanStart = true,
            KeepAlive = 60,
            ClientId = clientId,
            UserName = user,
            Password = password is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(password),
        };
        return PacketText.Encode(packet, packet.Version);
    }

    private static async Task<MqttWire> ConnectedAsync(MqttHost host, string clientId, int version)
    {
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect(clientId, version, "ada", "one"));
        Assert.StartsWith("CONNACK present=0 code=0", await wire.ReadTextAsync(), StringComparison.Ordinal);
        return wire;
    }

    private static string Hex(byte[]? bytes) => string.Join(' ', (bytes ?? []).Select(value => value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));
}
