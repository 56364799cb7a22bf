using System.Net;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Hosting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>The code of the documents and of the types' examples: it stands here, or in the file of the examples, too, where it is compiled and runs.</summary>
public sealed class Documented
{
    private static readonly string[] Documents = ["README.md", "docs/client.md", "src/Client/Package/README.md", "src/Client.Hosting/README.md"];

    [Fact]
    public void Every_line_of_code_of_the_documents_stands_here()
        => Assert.Empty(Documents.SelectMany(document => Missing(document, "```csharp", "```", line => line)));

    [Fact]
    public void Every_line_of_the_types_examples_stands_here()
    {
        string[] types = [.. Directory.EnumerateFiles(Path.Combine(BuiltProgram.Root, "src/Client"), "*.cs").Order(StringComparer.Ordinal)];
        Assert.Contains(types, type => File.ReadAllText(type).Contains("<example><code>", StringComparison.Ordinal));
        Assert.Empty(types.SelectMany(type => Missing(
            Path.GetRelativePath(BuiltProgram.Root, type), "/// <example><code>", "/// </code></example>", line => WebUtility.HtmlDecode(line.TrimStart('/').Trim()))));
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
    public async Task The_lines_of_the_readme_run()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        string nameServers = cluster.NameServers;
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        await producer.SendAsync(new Message("sensors", "21.5"u8.ToArray(), tag: "kitchen/temp"));

        await using var consumer = new PushConsumer(
            new PushConsumerOptions { Group = "alarms", From = ConsumeFrom.First, Client = { NameServers = nameServers } },
            (message, _) => ValueTask.FromResult(ConsumeResult.Success));
        consumer.Subscribe("sensors");
        await consumer.StartAsync();
        await Eventually.True(() => consumer.Assignment.Queues.Count > 0, "the consumer got its queues");
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
        int read = 0;
        ValueTask StoreAsync(ReceivedMessage message)
        {
            read++;
            return ValueTask.CompletedTask;
        }

        await foreach (ReceivedMessage message in reader.ReadToEndAsync("orders", ReadFrom.Beginning))
        {
            await StoreAsync(message);
        }

        Assert.Equal(1, read);
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

    private static IEnumerable<string> Missing(string document, string begin, string end, Func<string, string> code)
    {
        HashSet<string> here = [.. Directory.EnumerateFiles(Path.Combine(BuiltProgram.Root, "tests/Unit/Client"), "Documented*.cs").SelectMany(File.ReadLines).Select(line => line.Trim())];
        bool inCode = false;
        foreach (string line in File.ReadLines(Path.Combine(BuiltProgram.Root, document)).Select(line => line.Trim()))
        {
            bool fence = line == begin || line == end;
            inCode = fence ? line == begin : inCode;
            if (inCode && !fence && code(line) is { Length: > 0 } wanted && !here.Contains(wanted))
            {
                yield return $"{document}: {wanted}";
            }
        }
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
