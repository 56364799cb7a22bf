using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>SCRAM-SHA-256 by AUTH packets (section 4.12).</summary>
public sealed class EnhancedAuthenticationTests
{
    private const string Method = "SCRAM-SHA-256";
    private const string First = "n,,n=ada,r=abc";

    [Fact]
    public async Task A_client_proves_its_password_before_CONNACK_and_anew_later()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();

        await wire.SendAsync(Connect(Method, First));
        ReasonPacket challenge = await AuthAsync(wire);
        Assert.Equal(ReasonCode.ContinueAuthentication, challenge.Reason);
        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, Final(challenge, "one")));
        string connack = await wire.ReadTextAsync();
        Assert.StartsWith("CONNACK present=0 code=0", connack, StringComparison.Ordinal);
        Assert.Contains("AuthenticationMethod=SCRAM-SHA-256;", connack, StringComparison.Ordinal);
        await wire.ExpectSilenceAsync();

        await wire.SendAsync(Auth(ReasonCode.Reauthenticate, Encoding.ASCII.GetBytes(First)));
        ReasonPacket again = await AuthAsync(wire);
        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, Final(again, "one")));
        Assert.Equal(ReasonCode.Success, (await AuthAsync(wire)).Reason);
        await wire.ExpectSilenceAsync();
    }

    [Fact]
    public async Task A_wrong_password_is_refused_in_CONNACK()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();

        await wire.SendAsync(Connect(Method, First));
        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, Final(await AuthAsync(wire), "two")));

        Assert.StartsWith("CONNACK present=0 code=135", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectClosedAsync();
        Assert.Equal("c", kit.Control.Audit.Recent()[0].Client);
        Assert.Contains("wrong", kit.Control.Audit.Recent()[0].Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_fails_to_prove_itself_anew_is_disconnected()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect(Method, First));
        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, Final(await AuthAsync(wire), "one")));
        await wire.ReadAsync();

        await wire.SendAsync(Auth(ReasonCode.Reauthenticate, Encoding.ASCII.GetBytes(First)));
        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, Final(await AuthAsync(wire), "two")));

        await wire.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
    }

    [Theory]
    [InlineData("GS2-KRB5", First, 0x8C)]
    [InlineData("SCRAM-SHA-1", First, 0x8C)]
    [InlineData(Method, "", 0x87)]
    [InlineData(Method, "rubbish", 0x87)]
    public async Task A_method_or_message_that_is_not_known_is_refused_in_CONNACK(string method, string data, int reason)
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();

        await wire.SendAsync(Connect(method, data));

        Assert.StartsWith($"CONNACK present=0 code={reason}", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("C0 00", "a PINGREQ")]
    [InlineData("F0 01 19", "a re-authentication")]
    [InlineData("F0 06 18 04 15 00 01 6D", "another method")]
    public async Task What_must_not_come_before_CONNACK_is_refused(string packet, string what)
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect(Method, First));
        await AuthAsync(wire);

        await wire.SendHexAsync(packet);

        Assert.NotEmpty(what);
        Assert.StartsWith("CONNACK present=0 code=130", await wire.ReadTextAsync(), StringComparison.Ordinal);
        await wire.ExpectClosedAsync();
    }

    [Fact]
    public async Task Another_method_in_a_later_AUTH_is_a_protocol_error()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect(Method, First));
        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, Final(await AuthAsync(wire), "one")));
        await wire.ReadAsync();

        await wire.SendHexAsync("F0 06 19 04 15 00 01 6D");

        await wire.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task A_challenge_above_the_clients_packet_size_is_not_sent()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();

        await wire.SendAsync(Packets.Connect("c", 5, p => p
            .Add(PropertyId.MaximumPacketSize, 40)
            .Add(PropertyId.AuthenticationMethod, Method)
            .Add(PropertyId.AuthenticationData, Encoding.ASCII.GetBytes(First))));

        await wire.ExpectAsync("20 03 00 95 00");
        await wire.ExpectClosedAsync();
    }

    [Fact]
    public async Task An_AUTH_above_the_size_of_a_CONNECT_closes()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(options => options.MaximumConnectSize = 2048, access: kit.Control);
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect(Method, First));
        await AuthAsync(wire);

        await wire.SendAsync(Auth(ReasonCode.ContinueAuthentication, new byte[4000]));

        await wire.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_client_that_leaves_the_exchange_unfinished_is_closed_in_time()
    {
        using AccessKit kit = Kit();
        await using MqttHost host = await MqttHost.StartAsync(access: kit.Control);
        MqttWire wire = host.Open();
        await wire.SendAsync(Connect(Method, First));
        await AuthAsync(wire);

        host.Clock.Advance(TimeSpan.FromSeconds(12));

        await wire.ExpectClosedAsync();
    }

    private static AccessKit Kit() => new AccessKit().WithUsers(("ada", "one", []));

    private static byte[] Connect(string method, string data)
        => Packets.Connect("c", 5, properties => properties.Add(PropertyId.AuthenticationMethod, method).Add(PropertyId.AuthenticationData, Encoding.ASCII.GetBytes(data)));

    private static ReasonPacket Auth(ReasonCode reason, byte[] data) => new()
    {
        Type = PacketType.Auth,
        Reason = reason,
        Properties = new PropertyBlockWriter().Add(PropertyId.AuthenticationMethod, Method).Add(PropertyId.AuthenticationData, data).Block,
    };

    private static async Task<ReasonPacket> AuthAsync(MqttWire wire)
    {
        byte[] bytes = await wire.ReadAsync() ?? throw new InvalidOperationException("closed instead of AUTH");
        Assert.Equal(0xF0, bytes[0]);
        Assert.False(ReasonPacket.TryDecode(PacketType.Auth, bytes.AsMemory(2), ProtocolVersion.Mqtt5, out ReasonPacket packet).IsError);
        Assert.Equal(Method, packet.Properties.GetString(PropertyId.AuthenticationMethod));
        return packet;
    }

    private static byte[] Final(ReasonPacket challenge, string password)
    {
        string serverFirst = challenge.Properties.GetString(PropertyId.AuthenticationData)!;
        string[] fields = serverFirst.Split(',');
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Convert.FromBase64String(fields[1][2..]), int.Parse(fields[2][2..], CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        string withoutProof = $"c=biws,{fields[0]}";
        byte[] key = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] signature = HMACSHA256.HashData(SHA256.HashData(key), Encoding.UTF8.GetBytes($"{First[3..]},{serverFirst},{withoutProof}"));
        return Encoding.ASCII.GetBytes($"{withoutProof},p={Convert.ToBase64String([.. key.Zip(signature, (a, b) => (byte)(a ^ b))])}");
    }
}
