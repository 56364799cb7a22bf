using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Requests signed with an access key, as RocketMQ's access control reads them.</summary>
public sealed class SigningTests
{
    [Fact]
    public async Task A_request_has_the_key_the_token_and_the_signature_of_all_else()
    {
        var seen = new ConcurrentQueue<string>();
        await using var names = new ScriptedServer((RequestCode.GetRouteInfoByTopic, request =>
        {
            seen.Enqueue(string.Join(' ', Field(request, "AccessKey"), Field(request, "SecurityToken"), Field(request, "Signature")));
            request.Reply(ResponseCode.TopicNotExist, "none");
        }));
        await using var connection = new ClusterConnection(Signed(names.Address));
        Assert.Null(await new AdminClient(connection).FindRouteAsync("t").Within("answered"));
        // HMAC-SHA1 of "keytokent" with "secret", computed elsewhere: the values in the order of AccessKey, SecurityToken, topic.
        Assert.Equal("key token 47w5OCfZLxDbmxQKYy+x3oyaCdQ=", Assert.Single(seen));
    }

    [Fact]
    public async Task The_signature_of_a_send_covers_its_fields_in_the_order_of_their_names_and_its_body()
    {
        var wrong = new ConcurrentQueue<string>();
        int sends = 0;
        await using var broker = new ScriptedServer(
            (RequestCode.SendMessageV2, request =>
            {
                Interlocked.Increment(ref sends);
                string expected = Sign(request);
                if (Field(request, "Signature") != expected)
                {
                    wrong.Enqueue($"{Field(request, "Signature")} is not {expected}");
                }

                Answers.Store(request);
            }),
            Answers.Heartbeats,
            Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", broker.Address))));
        await using var producer = new Producer(new ProducerOptions { Client = Signed(names.Address) });
        await producer.StartAsync();
        await producer.SendAsync(new Message("t", "some body"u8.ToArray(), "tag", "key")).Within("send completed");
        await producer.SendAsync(new Message("t", default)).Within("send without a body completed");
        Assert.Empty(wrong);
        Assert.Equal(2, sends);
    }

    private static ClientOptions Signed(string nameServers) => new() { NameServers = nameServers, AccessKey = "key", SecretKey = "secret", SecurityToken = "token" };

    private static string? Field(RemotingRequest request, string name) => request.Fields.GetStringOrNull(Encoding.UTF8.GetBytes(name));

    private static string Sign(RemotingRequest request)
    {
        var content = new StringBuilder();
        string[] names = [.. "abcdefghijklmnopqrstuvwxyz".Select(letter => letter.ToString()), "AccessKey", "SecurityToken"];
        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            content.Append(Field(request, name));
        }

        byte[] signed = [.. Encoding.UTF8.GetBytes(content.ToString()), .. request.Body.ToArray()];
#pragma warning disable CA5350 // The protocol's.
        return Convert.ToBase64String(HMACSHA1.HashData("secret"u8, signed));
#pragma warning restore CA5350
    }
}
