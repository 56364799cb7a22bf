using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class RequestReplyTests
{
    [Fact]
    public async Task A_request_gets_the_reply_of_its_handler()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync(null, "broker-a", "broker-b");
        await using Producer asks = await ProducerAsync(cluster);
        await using Producer replies = await ProducerAsync(cluster);
        await using PushConsumer consumer = await AnsweringAsync(cluster, replies);

        ReceivedMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            asks.RequestAsync(new Message("t", Encoding.UTF8.GetBytes($"question {i}")), TimeSpan.FromSeconds(15)).AsTask())).Within("all requests were answered");

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"answer to question {i}"), answers.Select(answer => Encoding.UTF8.GetString(answer.Body.Span)));
    }

    [Fact]
    public async Task A_large_reply_comes_whole()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer asks = await ProducerAsync(cluster);
        await using Producer replies = await ProducerAsync(cluster);
        byte[] large = new byte[50_000];
        await using PushConsumer consumer = await AnsweringAsync(cluster, replies, _ => large);
        ReceivedMessage answer = await asks.RequestAsync(new Message("t", default), TimeSpan.FromSeconds(15)).Within("answered");
        Assert.Equal(large, answer.Body.ToArray());
    }

    [Fact]
    public async Task A_request_that_nobody_answers_says_that_it_was_stored()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer asks = await ProducerAsync(cluster);
        RequestTimeoutException late = await Assert.ThrowsAsync<RequestTimeoutException>(
            () => asks.RequestAsync(new Message("t", default), TimeSpan.FromMilliseconds(300)).Within("gave up"));
        Assert.True(late.MayHaveHappened);
        Assert.Contains("was stored in t@broker-a", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_request_cannot_be_replied_to()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "g");
        await producer.SendAsync(new Message("t", default)).Within("send completed");
        await inbox.WaitForAsync(1);
        InvalidMessageException error = await Assert.ThrowsAsync<InvalidMessageException>(() => producer.ReplyAsync(inbox.All.First(), default).AsTask());
        Assert.Contains("CORRELATION_ID", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_wait_are_limited()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer asks = await ProducerAsync(cluster, configureClient: client => client.MaxPendingReplies = 1);
        await asks.SendAsync(new Message("t", default)).Within("send completed");
        Task<Exception?[]> both = Task.WhenAll(Enumerable.Range(0, 2).Select(_ =>
            Record.ExceptionAsync(() => asks.RequestAsync(new Message("t", default), TimeSpan.FromSeconds(2)).AsTask())));
        Exception?[] errors = await both.Within("both ended");
        Assert.Single(errors.OfType<RequestTimeoutException>());
        Assert.False(Assert.Single(errors.OfType<ClientBusyException>()).MayHaveHappened);
    }

    private static async Task<PushConsumer> AnsweringAsync(LocalCluster cluster, Producer replies, Func<ReceivedMessage, byte[]>? answer = null)
    {
        answer ??= request => [.. "answer to "u8, .. request.Body.Span];
        var options = new PushConsumerOptions
        {
            Group = "answers",
            From = ConsumeFrom.First,
            Client = { NameServers = cluster.NameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(50) },
        };
        var consumer = new PushConsumer(options, async (request, token) =>
        {
            await replies.ReplyAsync(request, answer(request), token);
            return ConsumeResult.Success;
        });
        consumer.Subscribe("t");
        await consumer.StartAsync();
        return consumer;
    }
}
