using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Hosting;
using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>The code of docs/client.md and of the packages' readmes: it stands here too, where it is compiled and runs.</summary>
public sealed class Documented
{
    private static readonly string[] Documents = ["docs/client.md", "src/Client/Package/README.md", "src/Client.Hosting/README.md"];

    [Fact]
    public void Every_line_of_code_of_the_documents_stands_in_this_file()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
        {
            root = root.Parent;
        }

        HashSet<string> here = [.. File.ReadLines(Path.Combine(root!.FullName, "tests/Unit/Client/Documented.cs")).Select(line => line.Trim())];
        List<string> missing = [];
        foreach (string document in Documents)
        {
            bool inCode = false;
            foreach (string line in File.ReadLines(Path.Combine(root.FullName, document)).Select(line => line.Trim()))
            {
                bool fence = line.StartsWith("```", StringComparison.Ordinal);
                inCode = fence ? line == "```csharp" : inCode;
                if (inCode && !fence && line.Length > 0 && !here.Contains(line))
                {
                    missing.Add($"{document}: {line}");
                }
            }
        }

        Assert.Empty(missing);
    }

    [Fact]
    public async Task The_ten_lines_run()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        string nameServers = cluster.NameServers;
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        SendReceipt receipt = await producer.SendAsync(new Message("sensors", "21.5"u8.ToArray(), tag: "kitchen"));

        await using var consumer = new PushConsumer(
            new PushConsumerOptions { Group = "alarms", From = ConsumeFrom.First, Client = { NameServers = nameServers } },
            (message, _) => ValueTask.FromResult(ConsumeResult.Success));
        consumer.Subscribe("sensors", "kitchen || hall");
        await consumer.StartAsync();
        Assert.Equal(SendStatus.Ok, receipt.Status);
    }

    [Fact]
    public async Task A_transaction_a_request_a_recall_a_pop_a_poll_and_a_stream_run()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers });
        await using var producer = new Producer(connection, new ProducerOptions());
        await producer.StartAsync();
        await Clients.SendManyAsync(producer, 1, "m");
        byte[] body = [1];

        await using var orders = new TransactionProducer(
            connection,
            new TransactionProducerOptions { Group = "order-service" },
            (half, token) => ValueTask.FromResult(TransactionOutcome.Rollback));
        await orders.StartAsync();
        TransactionReceipt sent = await orders.SendAsync(
            new Message("orders", body),
            (receipt, token) => ValueTask.FromResult(TransactionOutcome.Commit));
        Assert.Equal(TransactionOutcome.Commit, sent.Outcome);

        SendReceipt timed = await producer.SendAsync(new Message("orders", body) { DeliverAfter = TimeSpan.FromMinutes(5) });
        await producer.RecallAsync("orders", timed.RecallHandle!);

        await using var replies = new PushConsumer(connection, new PushConsumerOptions { Group = "squares", From = ConsumeFrom.First }, async (request, token) =>
        {
            await producer.ReplyAsync(request, body, token);
            return ConsumeResult.Success;
        });
        replies.Subscribe("square");
        await replies.StartAsync();
        ReceivedMessage answer = await producer.RequestAsync(new Message("square", body), TimeSpan.FromSeconds(10));
        Assert.Equal(body, answer.Body.ToArray());

        await using var pops = new SimpleConsumer(connection, new SimpleConsumerOptions { Group = "mails", InvisibleTime = TimeSpan.FromMinutes(1) });
        pops.Subscribe("orders");
        await pops.StartAsync();
        foreach (PoppedMessage popped in await pops.ReceiveAsync(16, TimeSpan.FromSeconds(10)))
        {
            await pops.AckAsync(popped);
        }

        await using var polls = new PullConsumer(connection, new PullConsumerOptions { Group = "reports", From = ConsumeFrom.First, AutoCommit = false });
        await polls.AssignAsync(await polls.ListQueuesAsync("orders"));
        await polls.StartAsync();
        IReadOnlyList<ReceivedMessage> some = await polls.PollAsync(100, TimeSpan.FromSeconds(5));
        await polls.CommitAsync();
        Assert.NotEmpty(some);

        await using var reader = new Reader(connection, new ReaderOptions());
        await foreach (ReceivedMessage message in reader.ReadToEndAsync("orders", ReadFrom.Time(timed.Status == SendStatus.Ok ? DateTimeOffset.UnixEpoch : default)))
        {
            Assert.NotNull(message.MessageId);
        }
    }

    [Fact]
    public void The_services_are_added()
    {
        var services = new ServiceCollection();
        string nameServers = "127.0.0.1:9876";
        services.AddProtoBridgeMq(options => options.Client.NameServers = nameServers)
            .AddSerializer(MessageSerializer.Json(TelemetryJson.Default.Telemetry))
            .AddConsumer<TelemetryHandler, Telemetry>(group: "telemetry", topic: "sensors");
        Assert.Contains(services, service => service.ServiceType == typeof(Producer));
    }

    private sealed class TelemetryHandler : IMessageHandler<Telemetry>
    {
        public ValueTask<ConsumeResult> HandleAsync(Telemetry value, ReceivedMessage message, CancellationToken cancellationToken)
            => ValueTask.FromResult(ConsumeResult.Success);
    }
}

internal sealed record Telemetry(double Value);

[JsonSerializable(typeof(Telemetry))]
internal sealed partial class TelemetryJson : JsonSerializerContext;
