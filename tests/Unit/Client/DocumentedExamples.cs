using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>The examples at the public types, each as it stands there.</summary>
public sealed class DocumentedExamples
{
    private readonly List<string> _stored = [];
    private readonly List<string> _mails = [];

    [Fact]
    public async Task They_run()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        await using var sending = new Producer(connection, new ProducerOptions());
        await sending.StartAsync();
        await sending.SendAsync(new Message("outbox", "mail"u8.ToArray()));
        await Clients.StoredAsync(cluster, 1, "outbox");

        await ProduceAsync(cluster.NameServers);
        await PushAsync(connection);
        await TransactAsync(connection);
        await Clients.StoredAsync(cluster, 1, "orders");
        await PullAsync(connection);
        await ReadAsync(connection);
        await PopAsync(connection);
        Assert.Equal("order", Assert.Single(_stored));
        Assert.Equal("mail", Assert.Single(_mails));
    }

    private static async Task ProduceAsync(string nameServers)
    {
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        SendReceipt receipt = await producer.SendAsync(new Message("sensors", "21.5"u8.ToArray(), tag: "kitchen"));
        Assert.Equal(SendStatus.Ok, receipt.Status);
    }

    private static async Task PushAsync(ClusterConnection connection)
    {
        await using var consumer = new PushConsumer(
            connection,
            new PushConsumerOptions { Group = "alarms" },
            (message, _) => ValueTask.FromResult(ConsumeResult.Success));
        consumer.Subscribe("sensors", "kitchen || hall");
        await consumer.StartAsync();
    }

    private static async Task TransactAsync(ClusterConnection connection)
    {
        await using var producer = new TransactionProducer(
            connection, new TransactionProducerOptions { Group = "order-service" }, (_, _) => ValueTask.FromResult(TransactionOutcome.Commit));
        await producer.StartAsync();
        var order = new Order("order-1");
        var orders = new Orders();
        byte[] body = "order"u8.ToArray();
        TransactionReceipt sent = await producer.SendAsync(
            new Message("orders", body, keys: order.Id),
            async (receipt, token) => await orders.InsertAsync(order, receipt.MessageId, token) ? TransactionOutcome.Commit : TransactionOutcome.Rollback);
        Assert.Equal((TransactionOutcome.Commit, true), (sent.Outcome, sent.IsSettled));
    }

    private static async Task ReadAsync(ClusterConnection connection)
    {
        DateTimeOffset yesterday = TimeProvider.System.GetUtcNow().AddDays(-1);
        await using var reader = new Reader(connection, new ReaderOptions());
        await foreach (ReceivedMessage message in reader.ReadToEndAsync("orders", ReadFrom.Time(yesterday)))
        {
            await Console.Out.WriteLineAsync($"{message.StoredAt:O} {message.Keys}");
        }
    }

    private async Task PullAsync(ClusterConnection connection)
    {
        await using var consumer = new PullConsumer(connection, new PullConsumerOptions { Group = "reports", From = ConsumeFrom.First, AutoCommit = false });
        consumer.Subscribe("orders");
        await consumer.StartAsync();
        foreach (ReceivedMessage message in await consumer.PollAsync(100, TimeSpan.FromSeconds(5)))
        {
            await StoreAsync(message);
        }

        await consumer.CommitAsync();
    }

    private async Task PopAsync(ClusterConnection connection)
    {
        await using var consumer = new SimpleConsumer(connection, new SimpleConsumerOptions { Group = "mails" });
        consumer.Subscribe("outbox");
        await consumer.StartAsync();
        foreach (PoppedMessage popped in await consumer.ReceiveAsync(16, TimeSpan.FromSeconds(10)))
        {
            await SendMailAsync(popped.Message);
            await consumer.AckAsync(popped);
        }
    }

    private ValueTask StoreAsync(ReceivedMessage message)
    {
        _stored.Add(Encoding.UTF8.GetString(message.Body.Span));
        return ValueTask.CompletedTask;
    }

    private ValueTask SendMailAsync(ReceivedMessage message)
    {
        _mails.Add(Encoding.UTF8.GetString(message.Body.Span));
        return ValueTask.CompletedTask;
    }

    private sealed record Order(string Id);

    private sealed class Orders
    {
        private readonly HashSet<string> _known = [];

        public ValueTask<bool> InsertAsync(Order order, string messageId, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(order.Id.Length > 0 && _known.Add(messageId));
        }
    }
}
