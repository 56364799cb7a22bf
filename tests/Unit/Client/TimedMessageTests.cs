using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class TimedMessageTests
{
    /// <summary>With what a message of topic t would be called back from a broker.</summary>
    internal static string Handle(string broker) => new RecallHandle("t", broker, "4102444800000", "7F00000100002A9F0000000000000010").ToString();

    [Fact]
    public async Task A_message_comes_at_its_time_and_one_that_was_recalled_never()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        SendReceipt recalled = await producer.SendAsync(new Message("t", "recalled"u8.ToArray()) { DeliverAt = now.AddSeconds(4) }).Within("send completed");
        await producer.SendAsync(new Message("t", "at"u8.ToArray()) { DeliverAt = now.AddSeconds(3) }).Within("send completed");
        await producer.SendAsync(new Message("t", "after"u8.ToArray()) { DeliverAfter = TimeSpan.FromSeconds(5) }).Within("send completed");
        SendReceipt atOnce = await producer.SendAsync(new Message("t", "at once"u8.ToArray())).Within("send completed");

        Assert.Null(atOnce.RecallHandle);
        Assert.Equal(recalled.MessageId, await producer.RecallAsync("t", recalled.RecallHandle!).Within("recalled"));
        await inbox.WaitForAsync(3, TimeSpan.FromSeconds(30));
        Assert.Equal(["at once", "at", "after"], inbox.Texts);
        Assert.True(inbox.All.First(message => message.Body.Span.SequenceEqual("at"u8)).StoredAt >= now.AddSeconds(2));
    }

    [Fact]
    public async Task More_than_one_time_or_a_wrong_handle_is_refused_at_once()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        InvalidMessageException two = await Assert.ThrowsAsync<InvalidMessageException>(
            () => producer.SendAsync(new Message("t", default) { DelayLevel = 1, DeliverAfter = TimeSpan.FromSeconds(1) }).AsTask());
        Assert.Contains("leave one", two.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => producer.RecallAsync("t", "nonsense").AsTask());
        await Assert.ThrowsAsync<InvalidMessageException>(
            () => producer.SendBatchAsync([new Message("t", default) { DeliverAt = DateTimeOffset.UnixEpoch }]).AsTask());
    }

    [Fact]
    public async Task A_broker_of_5_that_does_not_recall_says_by_which_setting_it_would()
    {
        // As Apache's 5.3.3 answers as long as recallMessageEnable is not set, which is its default.
        ScriptedServer? broker = null;
        await using ScriptedServer scripted = broker = new ScriptedServer(
            Answers.Routes(topic => topic == "t" ? Answers.Route(1, ("a", broker!.Address)) : null),
            Answers.Heartbeats,
            Answers.Leaves,
            (RequestCode.RecallMessage, request => request.Reply(ResponseCode.NoPermission, "recall failed, operation is forbidden")));
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = broker.Address } });
        await producer.StartAsync();

        RequestRefusedException refused = await Assert.ThrowsAsync<RequestRefusedException>(() => producer.RecallAsync("t", Handle("a")).AsTask());

        Assert.Equal(RefusalReason.NotPermitted, refused.Reason);
        Assert.Contains("operation is forbidden. ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("recallMessageEnable", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trace_of_a_message_is_in_the_trace_topic_as_RocketMQ_writes_it()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(options => options.TraceTopic = true);
        var traces = new Inbox();
        var options = new PushConsumerOptions { Group = "traces", From = ConsumeFrom.First, Client = { NameServers = cluster.NameServers } };
        await using var reader = new PushConsumer(options, traces.HandleAsync);
        reader.Subscribe("RMQ_SYS_TRACE_TOPIC");
        await reader.StartAsync();
        await using Producer producer = await ProducerAsync(cluster, configureClient: client => client.Trace = true);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g", configure: consumerOptions => consumerOptions.Client.Trace = true);
        SendReceipt receipt = await producer.SendAsync(new Message("t", "traced"u8.ToArray(), "tag", "k1 k2")).Within("send completed");

        await Eventually.True(() => Lines().Any(line => line[0] == "SubAfter"), "the trace of the handling came");
        string[] pub = Lines().Single(line => line[0] == "Pub");
        Assert.Equal(["DefaultRegion", "protobridge-producer", "t", receipt.MessageId, "tag", "k1 k2"], pub[2..8]);
        Assert.Equal(("6", "0", receipt.OffsetMessageId, "true"), (pub[9], pub[11], pub[12], pub[13]));
        string[] before = Lines().Single(line => line[0] == "SubBefore");
        string[] after = Lines().Single(line => line[0] == "SubAfter");
        Assert.Equal(("g", receipt.MessageId, "0", "k1 k2"), (before[3], before[5], before[6], before[7]));
        Assert.Equal((before[4], receipt.MessageId, "true", "k1 k2", "0", "g"), (after[1], after[2], after[4], after[5], after[6], after[8]));
        Assert.All(traces.All, message => Assert.Contains(receipt.MessageId, message.Keys!, StringComparison.Ordinal));

        IEnumerable<string[]> Lines() => traces.Texts
            .SelectMany(text => text.Split('\u0002', StringSplitOptions.RemoveEmptyEntries))
            .Select(line => line.Split('\u0001'));
    }
}
