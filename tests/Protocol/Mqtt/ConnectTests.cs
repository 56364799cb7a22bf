using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

public sealed class ConnectTests
{
    private const string Level4 = "00 04 4D 51 54 54 04";
    private const string Level5 = "00 04 4D 51 54 54 05";

    [Theory]
    [InlineData("10 0F 00 06 4D 51 49 73 64 70 03 02 00 3C 00 01 64", "3.1")]
    [InlineData("10 0D " + Level4 + " 02 00 3C 00 01 64", "3.1.1")]
    [InlineData("10 0C " + Level4 + " 02 00 00 00 00", "3.1.1 without a name")]
    [InlineData("10 13 " + Level4 + " C2 00 3C 00 01 64 00 01 75 00 01 70", "3.1.1 with user and password")]
    public async Task A_client_before_version_5_is_accepted(string connect, string version)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendHexAsync(connect);
        Assert.NotEmpty(version);
        await wire.ExpectAsync("20 02 00 00");
    }

    [Fact]
    public async Task What_a_client_sends_after_it_was_told_why_is_read_and_dropped_until_it_closes()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.DisconnectLinger = TimeSpan.FromSeconds(1));
        foreach (bool closes in new[] { true, false })
        {
            MqttWire wire = await host.Connect5Async("d");
            await wire.SendAsync(Packets.Connect("d", 5));
            Assert.StartsWith("DISCONNECT reason=130 ", await wire.ReadTextAsync(), StringComparison.Ordinal);
            await wire.SendAsync(Packets.Publish("a", "late"));
            Assert.False(wire.Served.IsCompleted);
            if (closes)
                await wire.BreakAsync();
            else
                await Eventually.True(
                    () =>
                    {
                        host.Clock.Advance(TimeSpan.FromSeconds(1));
                        return wire.Served.IsCompleted;
                    },
                    "the connection is closed when the time is over");
            await wire.Served.Within("the server is done with the connection");
        }

        Assert.Empty(host.Bridge.Published);
    }

    [Fact]
    public async Task A_version_5_client_is_told_what_the_server_does_not_do()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendHexAsync("10 0E " + Level5 + " 02 00 3C 00 00 01 64");
        // receive maximum 1024, packets of 1 MiB, 32 aliases
        await wire.ExpectAsync("20 0E 00 00 0B 21 04 00 27 00 10 00 00 22 00 20");
    }

    [Fact]
    public async Task A_version_5_client_without_a_name_is_given_one_and_no_session_outlives_it()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumKeepAliveSeconds = 30);
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect(string.Empty, 5, p => p.Add(PropertyId.SessionExpiryInterval, 3600)));
        string connack = await wire.ReadTextAsync();
        Assert.StartsWith("CONNACK present=0 code=0 props={SessionExpiryInterval=0;", connack, StringComparison.Ordinal);
        Assert.Contains("AssignedClientIdentifier=auto-", connack, StringComparison.Ordinal);
        Assert.Contains("ServerKeepAlive=30", connack, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10 0D 00 04 4D 51 54 54 02 02 00 3C 00 01 64", "20 02 00 01", "an unknown level")]
    [InlineData("10 0D " + Level4 + " 00 00 3C 00 01 64", "20 02 00 03", "a session to keep")]
    [InlineData("10 0C " + Level4 + " 00 00 3C 00 00", "20 02 00 02", "a session without a name")]
    public async Task A_client_before_version_5_is_refused_by_return_code(string connect, string connack, string because)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendHexAsync(connect);
        Assert.NotEmpty(because);
        await wire.ExpectAsync(connack);
        await wire.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("10 0E 00 04 4D 51 54 54 06 02 00 3C 00 00 01 64", 0x84, "an unknown level")]
    [InlineData("10 17 " + Level5 + " 06 00 3C 00 00 01 64 00 00 04 24 53 59 53 00 00", 0x90, "a will to $SYS")]
    [InlineData("10 17 " + Level5 + " 06 00 3C 00 00 01 64 02 01 01 00 01 77 00 01 FF", 0x99, "a will that is not the UTF-8 it is said to be")]
    [InlineData("10 12 " + Level5 + " 02 00 3C 04 15 00 01 6D 00 01 64", 0x8C, "an authentication method")]
    [InlineData("10 0E " + Level5 + " 03 00 3C 00 00 01 64", 0x81, "the reserved flag")]
    [InlineData("10 14 " + Level5 + " 02 00 3C 06 21 00 01 21 00 01 00 01 64", 0x82, "a property twice")]
    public async Task A_version_5_client_is_refused_by_reason_code(string connect, byte reason, string because)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendHexAsync(connect);
        byte[]? connack = await wire.ReadAsync();
        Assert.NotNull(connack);
        Assert.NotEmpty(because);
        Assert.Equal([0x20, 0x00, reason], [connack[0], connack[2], connack[3]]);
        await wire.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("16 03 01", "a TLS hello")]
    [InlineData("47 45 54 20", "HTTP")]
    [InlineData("C0", "a ping, known from its first byte")]
    [InlineData("30", "a PUBLISH, known from its first byte")]
    [InlineData("1F", "a CONNECT with flags")]
    [InlineData("10 FF FF FF 7F", "a CONNECT of 256 MiB")]
    [InlineData("10 FF FF FF FF", "a remaining length without end")]
    [InlineData("10 0D 00 04 4D 51 54 58 04 02 00 3C 00 01 64", "another protocol's name")]
    [InlineData("10 0D " + Level4 + " 03 00 3C 00 01 64", "the reserved flag")]
    [InlineData("10 0E " + Level4 + " 02 00 3C 00 02 C0 80", "a name that is not UTF-8")]
    public async Task Bytes_that_are_no_CONNECT_close_the_connection(string bytes, string because)
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        Assert.NotEmpty(because);
        await wire.SendHexAsync(bytes);
        await wire.ExpectClosedAsync();
        Assert.Equal(0, host.Connections.Count);
    }

    [Fact]
    public async Task A_second_CONNECT_is_a_protocol_error()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = await host.Connect5Async("twice");
        await wire.SendAsync(Packets.Connect("twice", 5));
        await wire.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_closed_after_the_connect_timeout()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire silent = host.Open();
        MqttWire dripping = host.Open();
        await dripping.SendHexAsync("10");
        host.Clock.Advance(TimeSpan.FromSeconds(9));
        await dripping.SendHexAsync("0D");
        Assert.False(silent.Served.IsCompleted);
        host.Clock.Advance(TimeSpan.FromSeconds(3));
        await silent.ExpectClosedAsync();
        await dripping.ExpectClosedAsync();
        Assert.Equal(2, host.Counted("mqtt.connects.refused/timeout"));
    }

    [Fact]
    public async Task A_client_that_is_silent_for_one_and_a_half_keep_alives_is_disconnected()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("sleepy", 5, keepAlive: 10));
        await wire.ReadTextAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(14));
        await wire.ExpectSilenceAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(14));
        // Single bytes are no packet and keep nobody alive.
        await wire.SendHexAsync("C0");
        host.Clock.Advance(TimeSpan.FromSeconds(3));
        await wire.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact]
    public async Task A_client_without_keep_alive_may_be_silent()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire wire = host.Open();
        await wire.SendAsync(Packets.Connect("d", 4, keepAlive: 0));
        await wire.ExpectAsync("20 02 00 00");
        host.Clock.Advance(TimeSpan.FromHours(24));
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task An_equal_client_identifier_takes_the_connection_over()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire five = await host.Connect5Async("same");
        MqttWire four = await host.Connect311Async("same");
        await five.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        MqttWire last = await host.Connect311Async("same");
        await four.ExpectClosedAsync();
        await last.ExpectSilenceAsync();
    }

    [Fact]
    public async Task Clients_that_fight_for_a_name_leave_one_of_them()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire[] wires = [.. Enumerable.Range(0, 20).Select(_ => host.Open())];
        await Task.WhenAll(wires.Select(wire => wire.SendAsync(Packets.Connect("same", 4))));
        await Support.Eventually.True(() => host.Connections.Count == 1);
        MqttWire left = Assert.Single(wires, wire => !wire.Served.IsCompleted);
        await left.ExpectAsync("20 02 00 00");
        await left.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_connection_above_the_limit_is_closed_and_others_are_served()
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumConnections = 1);
        MqttWire first = await host.Connect311Async("first");
        MqttWire second = host.Open();
        await second.Served;
        Assert.True(second.Aborted.IsSet);
        await first.ExpectSilenceAsync();
        Assert.Equal(1, host.Counted("mqtt.connects.refused/too-many-connections"));
    }

    [Fact]
    public async Task A_client_that_says_goodbye_is_closed_without_an_answer()
    {
        await using MqttHost host = await MqttHost.StartAsync();
        MqttWire four = await host.Connect311Async("four");
        await four.SendHexAsync("E0 00");
        await four.ExpectClosedAsync();
        MqttWire five = await host.Connect5Async("five");
        await five.SendHexAsync("E0 01 04");
        await five.ExpectClosedAsync();
        MqttWire six = await host.Connect5Async("six");
        await six.SendHexAsync("E0 07 00 05 11 00 00 00 05");
        await six.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task A_stopping_server_tells_version_5_clients()
    {
        MqttHost host = await MqttHost.StartAsync();
        MqttWire five = await host.Connect5Async("five");
        MqttWire four = await host.Connect311Async("four");
        await host.DisposeAsync();
        await five.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await four.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_stopping_server_says_which_other_one_to_use()
    {
        MqttHost host = await MqttHost.StartAsync(options => options.ServerReference = "other.example:1883");
        MqttWire five = await host.Connect5Async("five");
        await host.DisposeAsync();
        Assert.Equal("DISCONNECT reason=156 props={ReasonString=the server is shutting down;ServerReference=other.example:1883}", await five.ReadTextAsync());
        await five.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("F0 00", ReasonCode.ProtocolError)]
    [InlineData("20 03 00 00 00", ReasonCode.ProtocolError)]
    [InlineData("D0 00", ReasonCode.ProtocolError)]
    [InlineData("C1 00", ReasonCode.MalformedPacket)]
    [InlineData("E1 00", ReasonCode.MalformedPacket)]
    [InlineData("C0 01 00", ReasonCode.MalformedPacket)]
    [InlineData("30 80 80 40", ReasonCode.PacketTooLarge)]
    public async Task A_packet_that_clients_must_not_send_disconnects(string bytes, ReasonCode reason)
    {
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumPacketSize = 4096);
        MqttWire wire = await host.Connect5Async("d");
        await wire.SendHexAsync(bytes);
        await wire.ExpectDisconnectAsync(reason);
    }
}
