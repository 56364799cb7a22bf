using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>The .NET SDK against the real process, found through its name server.</summary>
public sealed class Sdk(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [FactWhen(Needs.Mosquitto)]
    public async Task A_device_receives_what_is_sent_in_three_ways()
    {
        await using MosquittoSubscription device = await Clients.Mosquitto.SubscribeAsync(_gateway, "sdkways/#", "-q", "1", "-V", "5");
        await using Producer producer = await ProducerAsync();

        SendReceipt receipt = SendSynchronously(producer, Message("sdkways", "synchronous"));
        await producer.SendAsync(Message("sdkways", "asynchronous"));
        await producer.SendOneWayAsync(Message("sdkways", "one way"));

        Assert.Equal(SendStatus.Ok, receipt.Status);
        foreach (string body in new[] { "synchronous", "asynchronous", "one way" })
        {
            MosquittoMessage message = await device.MessageAsync(body);
            Assert.Equal("sdkways/kitchen/temp", message.Topic);
            Assert.Contains("unit:celsius", message.UserProperties, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_consumes_what_a_device_and_a_POST_published()
    {
        using var rest = new Rest(_gateway);
        using (RawMqtt mqtt = await RawMqtt.ConnectAsync(_gateway.Ports.Mqtt, "to-sdk"))
        {
            await mqtt.PublishAsync("tosdk/kitchen/temp", "by MQTT");
        }

        await rest.PublishAsync("tosdk", "tag=kitchen/temp&key=k1", "by HTTP", ("unit", "celsius"));
        await using var member = new Member(Options("to-sdk"));
        await member.StartAsync("tosdk", "kitchen/temp");

        await member.HasAsync(2);
        Assert.Equal(["by HTTP", "by MQTT"], member.Bodies.Order(StringComparer.Ordinal));
        ReceivedMessage posted = member.Messages.First(message => Member.Text(message) == "by HTTP");
        Assert.Equal("kitchen/temp", posted.Tag);
        Assert.Equal("k1", posted.Keys);
        Assert.Equal("celsius", posted.Properties["unit"]);
    }

    [Fact]
    public async Task Two_members_of_a_group_share_its_queues_and_one_takes_over_when_the_other_leaves()
    {
        await using Producer producer = await ProducerAsync();
        await producer.SendAsync(Message("sdkshare", "first"));
        await using var one = new Member(Options("sdk-share"));
        await one.StartAsync("sdkshare");
        await one.HasAsync(1);
        var two = new Member(Options("sdk-share"));
        await two.StartAsync("sdkshare");
        int queues = one.Queues("sdkshare") + two.Queues("sdkshare");
        await Member.UntilAsync(() => one.Queues("sdkshare") > 0 && two.Queues("sdkshare") > 0
            && one.Queues("sdkshare") + two.Queues("sdkshare") == Math.Max(queues, 4), "each of the two members has queues");

        await SendAsync(producer, "sdkshare", 0, 200);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 201, "all messages were consumed");
        Assert.True(two.Bodies.Any() && one.Bodies.Count() > 1);

        await two.DisposeAsync();
        await SendAsync(producer, "sdkshare", 200, 100);
        await Member.UntilAsync(() => one.Bodies.Union(two.Bodies).Count() == 301, "the remaining member consumed everything");
    }

    [Fact]
    public async Task Every_member_of_a_broadcasting_group_receives_everything()
    {
        using var files = new TempDirectory("offsets");
        await using Producer producer = await ProducerAsync();
        await producer.SendAsync(Message("sdkcast", "first"));
        await using var one = new Member(Options("sdk-cast", MessageModel.Broadcasting, files["one"]));
        await using var two = new Member(Options("sdk-cast", MessageModel.Broadcasting, files["two"]));
        await one.StartAsync("sdkcast");
        await two.StartAsync("sdkcast");

        await SendAsync(producer, "sdkcast", 0, 50);

        await one.HasAsync(51);
        await two.HasAsync(51);
    }

    [Fact]
    public async Task A_consumer_that_starts_before_its_topics_exist_receives_once_they_do()
    {
        await using Producer producer = await ProducerAsync();
        PushConsumerOptions options = Options("sdk-early");
        options.RebalanceInterval = TimeSpan.FromMinutes(1);
        await using var member = new Member(options);
        member.Subscribe("sdkneverthere");
        await member.StartAsync("sdkearly");

        await producer.SendAsync(Message("sdkearly", "late"));

        await member.HasAsync(1, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_message_that_its_handler_refused_comes_again()
    {
        await using Producer producer = await ProducerAsync();
        await producer.SendAsync(Message("sdkretry", "again"));
        await using var member = new Member(Options("sdk-retry"), refuse: 1);
        await member.StartAsync("sdkretry");

        await member.HasAsync(2, TimeSpan.FromSeconds(45));

        Assert.Equal([0, 1], member.Messages.Select(message => message.ReconsumeTimes));
        Assert.All(member.Messages, message => Assert.Equal("sdkretry", message.Topic));
    }

    [Fact]
    public async Task Members_of_SDK_and_HTTP_share_one_group()
    {
        using var rest = new Rest(_gateway);
        await using Producer producer = await ProducerAsync();
        await producer.SendAsync(Message("sdkmixed", "first"));
        await using var member = new Member(Options("sdk-mixed"));
        await member.StartAsync("sdkmixed");
        await member.HasAsync(1);
        // The new member may take a queue over before the old one has saved its progress: then "first" comes once more.
        HashSet<string> byHttp = await TakeByHttpAsync(rest);
        Assert.All(byHttp, body => Assert.Equal("first", body));

        await SendAsync(producer, "sdkmixed", 0, 100);
        long begin = TimeProvider.System.GetTimestamp();
        while (member.Bodies.Union(byHttp).Count() < 101)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(60), $"{member.Bodies.Count()} by SDK, {byHttp.Count} by HTTP");
            byHttp.UnionWith(await TakeByHttpAsync(rest));
        }

        Assert.Contains(byHttp, body => body != "first");
        Assert.True(member.Bodies.Count() > 1);
    }

    private static async Task<HashSet<string>> TakeByHttpAsync(Rest rest)
    {
        IReadOnlyList<JsonObject> messages = await rest.ReceiveAsync("sdkmixed", "sdk-mixed", "max=32&wait=1s");
        if (messages.Count > 0)
            await rest.AcknowledgeAsync([.. messages.Select(message => (string)message["receipt"]!)]);

        return [.. messages.Select(message => (string)message["body"]!)];
    }

    [FactWhen(Needs.AliOns)]
    public async Task It_consumes_what_ali_ons_produces_and_the_other_way_round()
    {
        using (RawBroker broker = await RawBroker.ConnectAsync(_gateway.Ports.Broker))
        {
            await broker.CreateTopicAsync("SdkOns", 4);
        }

        await using ScriptedClient producing = ScriptedClient.Node("ons-produce.js", new
        {
            nameSrv = _gateway.NameServer,
            group = "sdk-ons",
            messages = new[] { new { topic = "SdkOns", tags = "TagA", keys = new[] { "k1", "k2" }, body = "from ali-ons", properties = new { unit = "celsius" } } },
        });
        await producing.EndAsync(TimeSpan.FromSeconds(40));
        await using var member = new Member(Options("sdk-ons"));
        await member.StartAsync("SdkOns");
        await member.HasAsync(1);
        ReceivedMessage received = member.Messages.First();
        Assert.Equal(("TagA", "k1 k2", "celsius"), (received.Tag, received.Keys, received.Properties["unit"]));

        await using Producer producer = await ProducerAsync();
        await producer.SendAsync(Message("OnsSdk", "from the SDK"));
        await using ScriptedClient consuming = ScriptedClient.Node("ons-consume.js", new { nameSrv = _gateway.NameServer, group = "ons-sdk", topic = "OnsSdk" });
        JsonObject message = await consuming.EventAsync("message");
        Assert.Equal("from the SDK", (string?)message["body"]);
        Assert.Equal("kitchen/temp", (string?)message["tags"]);
        Assert.Equal("celsius", (string?)message["properties"]!["unit"]);
    }

    private static SendReceipt SendSynchronously(Producer producer, Message message) => producer.Send(message);

    private static Message Message(string topic, string body)
        => new(topic, Encoding.UTF8.GetBytes(body), tag: "kitchen/temp", keys: "k1") { Properties = { ["unit"] = "celsius" } };

    private static async Task SendAsync(Producer producer, string topic, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await producer.SendAsync(Message(topic, $"{i}"));
        }
    }

    private async Task<Producer> ProducerAsync()
    {
        var producer = new Producer(new ProducerOptions { Client = new ClientOptions { NameServers = _gateway.NameServer } });
        await producer.StartAsync();
        return producer;
    }

    private PushConsumerOptions Options(string group, MessageModel model = MessageModel.Clustering, string? offsets = null)
    {
        var options = new PushConsumerOptions
        {
            Client = new ClientOptions { NameServers = _gateway.NameServer },
            Group = group,
            Model = model,
            From = ConsumeFrom.First,
            RebalanceInterval = TimeSpan.FromSeconds(2),
            CommitInterval = TimeSpan.FromMilliseconds(500),
        };
        options.LocalOffsetDirectory = offsets ?? options.LocalOffsetDirectory;
        return options;
    }
}
