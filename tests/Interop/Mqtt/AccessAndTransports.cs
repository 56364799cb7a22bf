using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Mqtt;

/// <summary>Clients that we did not write log in, over TCP, TLS and WebSockets; raw sockets come through a proxy.</summary>
public sealed class AccessAndTransports(GuardedGateway guarded) : IClassFixture<GuardedGateway>
{
    private readonly GatewayProcess _gateway = guarded.Process;

    [TheoryWhen(Needs.Mosquitto)]
    [InlineData("311")]
    [InlineData("5")]
    public async Task Mosquitto_logs_in_with_user_and_password(string version)
    {
        await using MosquittoSubscription mine = await Mosquitto.SubscribeAsync(_gateway, $"users/ada/v{version}/#", "-V", version, "-q", "1", "-u", "ada", "-P", "one");

        await Mosquitto.PublishAsync(_gateway, $"users/ada/v{version}/a", "hello", "-V", version, "-q", "1", "-u", "ada", "-P", "one");

        Assert.Equal($"users/ada/v{version}/a", (await mine.MessageAsync("hello")).Topic);
        foreach ((string user, string password) in new[] { ("ada", "two"), ("eve", "one") })
        {
            ChildProcess refused = ChildProcess.Start("mosquitto_pub", ["-h", "127.0.0.1", "-p", Text(_gateway.Ports.Mqtt), "-V", version, "-t", "users/ada/a", "-m", "x", "-u", user, "-P", password]);
            await using (refused)
            {
                Assert.NotEqual(0, await refused.ExitAsync());
            }
        }

        await _gateway.LineAsync(line => line.Contains("Access refused: connect by eve", StringComparison.Ordinal), "the audit line of eve");
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Mosquitto_is_known_by_its_certificate()
    {
        string[] tls = ["-p", Text(guarded.MqttsPort), "--cafile", guarded.Certificates.Authority, "--cert", guarded.Certificates.ClientCertificate, "--key", guarded.Certificates.ClientKey, "-V", "5", "-q", "1"];
        await using MosquittoSubscription mine = await Mosquitto.SubscribeAsync(_gateway, "users/device7/#", tls);

        await Mosquitto.PublishAsync(_gateway, "users/device7/a", "signed", tls);

        await mine.MessageAsync("signed");
    }

    [TheoryWhen(Needs.Paho)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Paho_logs_in_over_TLS(int version)
    {
        await using ScriptedClient paho = ScriptedClient.Python("paho-client.py", new
        {
            port = guarded.MqttsPort, ca = guarded.Certificates.Authority, username = "ada", password = "one", version, clientId = $"paho-tls{version}",
            subscribe = new object[] { new object[] { $"users/ada/paho{version}/#", 1 } },
            publish = new object[] { new { topic = $"users/ada/paho{version}/a", body = "over TLS", qos = 1, user = Array.Empty<string[]>() } },
        });

        Assert.Equal("over TLS", (string?)(await paho.EventAsync("message"))["body"]);
        await paho.CloseAsync();
    }

    [FactWhen(Needs.MqttJs)]
    public async Task Mqtt_js_proves_its_password_by_SCRAM()
    {
        await using ScriptedClient right = Scram("one");
        Assert.True((bool)(await right.EventAsync("connected"))["isServerProven"]!);
        Assert.Equal("proven", (string?)(await right.EventAsync("message"))["body"]);
        await right.CloseAsync();

        await using ScriptedClient wrong = Scram("two");
        Assert.Equal(135, (int)(await wrong.EventAsync("refused"))["code"]!);
    }

    [TheoryWhen(Needs.MqttJs)]
    [InlineData(4, "ws")]
    [InlineData(5, "ws")]
    [InlineData(4, "wss")]
    [InlineData(5, "wss")]
    public async Task Mqtt_js_logs_in_over_a_WebSocket(int version, string scheme)
    {
        int port = scheme == "ws" ? _gateway.Ports.Http : guarded.HttpsPort;
        string topic = $"users/ada/{scheme}{version}";
        await using ScriptedClient client = ScriptedClient.Node("mqtt-client.js", new
        {
            url = $"{scheme}://localhost:{port}/mqtt", ca = guarded.Certificates.Authority, username = "ada", password = "one",
            version, clientId = $"js-{scheme}{version}",
            subscribe = new[] { new { filter = topic + "/#", qos = 1 } },
            publish = new[] { new { topic = topic + "/a", body = new string('w', 100_000), qos = 1 } },
        });

        JsonObject message = await client.EventAsync("message");

        Assert.Equal(100_000, ((string?)message["body"])!.Length);
        await client.EventAsync("done");
        await client.CloseAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_behind_a_proxy_is_known_by_its_own_address(bool isBinary)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, guarded.ProxiedPort);
        string source = isBinary ? "192.0.2.8" : "192.0.2.7";
        byte[] header = isBinary
            ? Convert.FromHexString("0D0A0D0A000D0A515549540A" + "2111000C" + "C0000208C0000201" + "DC04075B")
            : Encoding.ASCII.GetBytes("PROXY TCP4 192.0.2.7 192.0.2.1 56324 1883\r\n");

        // A CONNECT of 3.1.1 with user "u" and password "p".
        await client.GetStream().WriteAsync((byte[])[.. header, .. Convert.FromHexString("101300044D51545404C2003C000164000175000170")]);
        byte[] answer = new byte[4];
        await client.GetStream().ReadExactlyAsync(answer);

        Assert.Equal("20020004", Convert.ToHexString(answer));
        await guarded.Proxied.LineAsync(line => line.Contains("Access refused: connect by u", StringComparison.Ordinal) && line.Contains(source + ":56324", StringComparison.Ordinal), "the audit line with the address of the client");
    }

    [FactWhen(Needs.Curl)]
    public async Task Curl_says_who_it_is()
    {
        Assert.Equal("401", await CurlAsync($"http://127.0.0.1:{_gateway.Ports.Http}/v1/topics/users/messages?tag=ada/x", "-d", "x"));
        Assert.Equal("200", await CurlAsync($"http://127.0.0.1:{_gateway.Ports.Http}/v1/topics/users/messages?tag=ada/x", "-d", "x", "-u", "ada:one"));
        Assert.Equal("403", await CurlAsync($"http://127.0.0.1:{_gateway.Ports.Http}/v1/topics/users/messages?tag=bob/x", "-d", "x", "-u", "ada:one"));
        Assert.Equal("200", await CurlAsync($"https://127.0.0.1:{guarded.HttpsPort}/v1/topics/users/messages?tag=ada/x", "-d", "x", "-u", "ada:one", "--cacert", guarded.Certificates.Authority));
    }

    private static async Task<string> CurlAsync(string url, params string[] more)
    {
        ChildProcess curl = ChildProcess.Start("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}\n", .. more, url]);
        await using (curl)
        {
            string code = await curl.LineAsync(line => line.Length == 3, "a status");
            Assert.Equal(0, await curl.ExitAsync());
            return code;
        }
    }

    private ScriptedClient Scram(string password) => ScriptedClient.Node("mqtt-scram.js", new
    {
        url = $"mqtt://127.0.0.1:{_gateway.Ports.Mqtt}", username = "ada", password, clientId = $"scram-{password}", topic = "users/ada/scram",
    });

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
