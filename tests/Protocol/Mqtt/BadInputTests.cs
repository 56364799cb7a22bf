using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Whatever a client sends: the specified reason, bounded memory, and no harm to others.</summary>
public sealed class BadInputTests
{
    /// <summary>U+0000, overlong forms, surrogates, above U+10FFFF, stray and missing bytes.</summary>
    private static readonly string[] BadUtf8 = ["00", "C080", "C0AF", "E080AF", "F08080AF", "EDA080", "EDBFBF", "F4908080", "F8888080", "FF", "80", "E282", "61E2"];

    public static TheoryData<string> Golden => [.. GoldenPackets.All.Select(packet => packet.Name)];

    public static TheoryData<string> Malformed => [.. GoldenPackets.Malformed.Select(packet => packet.Name)];

    [Theory]
    [MemberData(nameof(Golden))]
    public async Task A_packet_with_any_byte_wrong_missing_or_added_is_answered_or_refused_with_a_reason(string name)
    {
        GoldenPacket golden = GoldenPackets.All.Single(packet => packet.Name == name);
        await using MqttHost host = await MqttHost.StartAsync();
        foreach (byte[] packet in Damage.EveryOneOf(golden.Bytes))
        {
            MqttWire wire = host.Open();
            bool isConnect = packet[0] == 0x10;
            if (!isConnect)
            {
                await wire.SendAsync(Packets.Connect("d", (int)golden.Version));
                Assert.StartsWith("CONNACK present=0 code=0 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
            }

            await wire.TrySendAsync(packet, golden.Version);
            await wire.TrySendAsync([0xC0, 0x00], golden.Version);
            string? last = null;
            while (last != "PINGRESP" && await wire.ReadAsync() is { } answer)
                last = answer[0] == 0xD0 ? "PINGRESP" : $"{answer[0]:X2} {(answer.Length > 2 ? answer[2] : 0):X2}";
            // Closed: version 5 is told why, unless it said goodbye, or spoke another version.
            if (last != "PINGRESP" && golden.Version == ProtocolVersion.Mqtt5 && !isConnect && packet[0] != 0xE0)
                Assert.True(last is not null && last.StartsWith("E0 ", StringComparison.Ordinal) && last[3] >= '8', $"{Convert.ToHexString(packet)} was answered by {last}");
            await wire.BreakAsync();
            await wire.Served.Within("the connection has ended");
        }

        Assert.Empty(host.Errors);
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_malformed_packet_ends_its_connection_with_its_reason(string name)
    {
        MalformedPacket malformed = GoldenPackets.Malformed.Single(packet => packet.Name == name);
        var kind = (PacketType)(malformed.Bytes[0] >> 4);
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        if (kind != PacketType.Connect)
        {
            await wire.SendAsync(Packets.Connect("d", (int)malformed.Version));
            await wire.ReadAsync();
        }

        await wire.TrySendAsync(malformed.Bytes, malformed.Version);
        byte[]? last = await wire.ReadAsync();
        // A first byte that is none of a CONNECT closes at once; before version 5 nothing says why but the return code of a CONNACK.
        string answer = (kind, malformed.Version) switch
        {
            (PacketType.Connect, ProtocolVersion.Mqtt5) when malformed.Bytes[0] == 0x10 => $"^20..00{(int)malformed.Reason:X2}",
            (PacketType.Connect, ProtocolVersion.Mqtt5) => "^$",
            (PacketType.Connack or PacketType.Suback or PacketType.Pingresp, ProtocolVersion.Mqtt5) => "^E0..8[12]",
            (_, ProtocolVersion.Mqtt5) => $"^E0..{(int)malformed.Reason:X2}",
            _ => "^(200200..)?$",
        };
        Assert.Matches(answer, Convert.ToHexString(last ?? []));
        if (last is not null)
            await wire.ExpectClosedAsync();
        Assert.Equal(0, host.Connections.Count);
        Assert.Empty(host.Bridge.Published);
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_is_malformed_in_every_field()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        foreach (string hex in BadUtf8)
        {
            byte[] bad = Convert.FromHexString(hex);
            foreach ((string field, byte[] packet) in PacketsWith(bad))
            {
                MqttWire wire = packet[0] == 0x10 ? host.Open() : await host.Connect5Async("d");
                await wire.SendAsync(packet);
                byte[] answer = await wire.ReadAsync() ?? [];
                int reason = answer.Length == 0 ? -1 : answer[0] == 0x20 ? answer[3] : answer[2];
                Assert.True(reason == (int)ReasonCode.MalformedPacket, $"{hex} as {field} was answered by {Convert.ToHexString(answer)}");
                await wire.ExpectClosedAsync();
            }
        }
    }

    [Theory]
    [InlineData("32 05 00 01 61 00 00", "PUBLISH of QoS 1")]
    [InlineData("34 06 00 01 61 00 00 00", "PUBLISH of QoS 2")]
    [InlineData("40 02 00 00", "PUBACK")]
    [InlineData("62 02 00 00", "PUBREL")]
    [InlineData("82 07 00 00 00 00 01 61 00", "SUBSCRIBE")]
    [InlineData("A2 06 00 00 00 00 01 61", "UNSUBSCRIBE")]
    public async Task Packet_identifier_zero_is_a_protocol_error(string bytes, string where)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("d");
        Assert.NotEmpty(where);
        await wire.SendHexAsync(bytes);
        byte[] answer = await wire.ReadAsync() ?? [];
        Assert.True(answer.Length > 2 && answer[0] == 0xE0 && answer[2] is 0x81 or 0x82, Convert.ToHexString(answer));
        await wire.ExpectClosedAsync();
    }

    [Fact]
    public async Task No_packet_but_CONNECT_is_taken_first()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        foreach (GoldenPacket golden in GoldenPackets.All.Where(packet => packet.Bytes[0] != 0x10))
        {
            MqttWire wire = host.Open();
            await wire.TrySendAsync(golden.Bytes, golden.Version);
            await wire.ExpectClosedAsync();
        }

        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_bomb_of_subscriptions_is_granted_up_to_the_limit()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.SubscriptionsPerSession = 100);
        MqttWire bomber = await host.Connect5Async("bomber");
        MqttWire other = await host.Connect5Async("other");
        for (ushort packet = 1; packet <= 3; packet++)
        {
            await bomber.SendAsync(Packets.Subscribe(packet, [.. Enumerable.Range(packet * 5000, 5000).Select(i => ($"bomb/{i}/+/#", 1))]));
            byte[] suback = await bomber.ReadAsync() ?? [];
            byte[] codes = suback[^5000..];
            Assert.Equal(packet == 1 ? 100 : 0, codes.Count(code => code <= 2));
            Assert.Equal(packet == 1 ? 4900 : 5000, codes.Count(code => code == (byte)ReasonCode.QuotaExceeded));
        }

        await bomber.SendAsync(Packets.Subscribe(9, (new string('/', 65_534), 1), (string.Join('/', Enumerable.Repeat('+', 32_767)), 1)));
        Assert.Equal("SUBACK id=9 props={} codes=8F8F", WithoutProperties(await bomber.ReadTextAsync()));
        await other.SendAsync(Packets.Subscribe(1, ("a", 1)));
        Assert.StartsWith("SUBACK id=1 ", await other.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_open_connections_are_bounded_and_end_in_time()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumConnections = 500);
        MqttWire served = await host.Connect311Async("served");
        MqttWire[] half = [.. Enumerable.Range(0, 600).Select(_ => host.Open())];
        await Task.WhenAll(half.Select(wire => wire.TrySendAsync([0x10, 0x7F, 0x00, 0x04], ProtocolVersion.Mqtt311)));
        Assert.Equal(500, host.Connections.Count);
        Assert.Equal(101, host.Counted("mqtt.connects.refused/too-many-connections"));
        host.Clock.Advance(TimeSpan.FromSeconds(12));
        await Eventually.True(() => host.Connections.Count == 1);
        await served.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_flood_of_CONNECT_leaves_others_and_the_limits_alone()
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire served = await host.Connect311Async("served");
        for (int i = 0; i < 50; i++)
        {
            MqttWire[] flood = [.. Enumerable.Range(0, 40).Select(_ => host.Open())];
            await Task.WhenAll(flood.Select((wire, n) => wire.SendAsync(Packets.ConnectWithWill($"flood{n % 10}", 4 + (n % 2)))));
            await Task.WhenAll(flood.Select(wire => wire.BreakAsync()));
            await Task.WhenAll(flood.Select(wire => wire.Served)).Within("the flood is over");
            await served.ExpectSilenceAsync();
        }

        Assert.Equal(1, host.Connections.Count);
        Assert.Empty(host.Errors);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Equal_client_identifiers_that_fight_for_a_session_leave_one_of_them_and_lose_nothing(int version)
    {
        await using MqttHost host = await MqttHost.StartAsync(log: new FakeLog());
        MqttWire[] wires = [.. Enumerable.Range(0, 30).Select(_ => host.Open())];
        await Task.WhenAll(wires.Select(wire => wire.SendAsync(Packets.Resume("same", version))));
        await Eventually.True(() => host.Connections.Count == 1);
        MqttWire left = Assert.Single(wires, wire => !wire.Served.IsCompleted);
        Assert.Matches("^CONNACK present=[01] code=0 ", await left.ReadTextAsync());
        await left.SendAsync(Packets.Publish("a", "x", qos: 2, id: 1));
        await left.ExpectAsync("50 02 00 01");
        Assert.Single(host.Bridge.Published);
        Assert.Empty(host.Errors);
    }

    /// <summary>The words of a packet without its reason string.</summary>
    private static string WithoutProperties(string words) => System.Text.RegularExpressions.Regex.Replace(words, "props={[^}]*}", "props={}");

    private static IEnumerable<(string Field, byte[] Packet)> PacketsWith(byte[] text)
    {
        byte[] field = [0, (byte)text.Length, .. text];
        yield return ("topic name", Packet(0x30, [.. field, 0]));
        yield return ("content type", Packet(0x30, [0, 1, (byte)'a', (byte)(1 + field.Length), 0x03, .. field]));
        yield return ("response topic", Packet(0x30, [0, 1, (byte)'a', (byte)(1 + field.Length), 0x08, .. field]));
        yield return ("user property's name", Packet(0x30, [0, 1, (byte)'a', (byte)(3 + field.Length), 0x26, .. field, 0, 0]));
        yield return ("user property's value", Packet(0x30, [0, 1, (byte)'a', (byte)(3 + field.Length), 0x26, 0, 0, .. field]));
        yield return ("topic filter", Packet(0x82, [0, 1, 0, .. field, 0]));
        yield return ("topic filter to leave", Packet(0xA2, [0, 1, 0, .. field]));
        yield return ("reason string", Packet(0xE0, [0, (byte)(1 + field.Length), 0x1F, .. field]));
        byte[] name = [0, 4, .. Encoding.ASCII.GetBytes("MQTT"), 5];
        yield return ("client identifier", Packet(0x10, [.. name, 2, 0, 60, 0, .. field]));
        yield return ("user name", Packet(0x10, [.. name, 0x82, 0, 60, 0, 0, 1, (byte)'d', .. field]));
        yield return ("will topic", Packet(0x10, [.. name, 6, 0, 60, 0, 0, 1, (byte)'d', 0, .. field, 0, 0]));
        yield return ("will's content type", Packet(0x10, [.. name, 6, 0, 60, 0, 0, 1, (byte)'d', (byte)(1 + field.Length), 3, .. field, 0, 1, (byte)'w', 0, 0]));
    }

    private static byte[] Packet(byte first, byte[] body) => [first, (byte)body.Length, .. body];
}
