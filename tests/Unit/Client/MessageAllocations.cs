using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using Xunit.Abstractions;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>What the client allocates for each message, all threads together. The broker is another process, and no other test runs.</summary>
[Collection(CountedAlone.Name)]
public sealed class MessageAllocations(ITestOutputHelper output)
{
    private const int Messages = 20_000;
    private const int WarmUp = 10_000;
    private const int InFlight = 128;

    /// <summary>The receipt's two ids of 32 characters, 88 bytes each, and what is shared by many messages.</summary>
    private const double PerSent = 200;

    /// <summary>The message object of 208 bytes, and the array of its body of 100 and its properties of 110 bytes; what pulls take is shared by 32.</summary>
    private const double PerReceived = 500;

    [Fact]
    public async Task A_message_costs_what_its_receipt_and_its_received_object_take()
    {
        await using ProcessCluster cluster = await ProcessCluster.StartAsync(1, 1);
        await using (var connection = new ClusterConnection(new ClientOptions { NameServers = cluster.NameServers }))
        {
            await new AdminClient(connection).CreateTopicAsync("t", 4);
            await Clients.QueuedAsync(connection, "t", 4);
        }

        double sent = await MeasureSendsAsync(cluster.NameServers);
        double received = await MeasureBacklogAsync(cluster.NameServers);
        output.WriteLine($"{sent:0} bytes a sent message, {received:0} a received one");
        Assert.InRange(sent, 0, PerSent);
        Assert.InRange(received, 0, PerReceived);
    }

    private static async Task<double> MeasureSendsAsync(string nameServers)
    {
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        var message = new Message("t", new byte[100]);
        await SendAsync(producer, message, WarmUp);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await SendAsync(producer, message, Messages);
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Messages;
    }

    private static Task SendAsync(Producer producer, Message message, int count) => Task.WhenAll(Enumerable.Range(0, InFlight).Select(async i =>
    {
        for (int sent = i; sent < count; sent += InFlight)
        {
            await producer.SendAsync(message);
        }
    })).Within($"{count} sends completed", TimeSpan.FromSeconds(60));

    private static async Task<double> MeasureBacklogAsync(string nameServers)
    {
        int handled = 0;
        long begin = 0;
        long end = 0;
        var options = new PushConsumerOptions { Group = "g", From = ConsumeFrom.First, Client = { NameServers = nameServers } };
        await using var consumer = new PushConsumer(options, (_, _) =>
        {
            switch (Interlocked.Increment(ref handled))
            {
                case WarmUp:
                    begin = GC.GetTotalAllocatedBytes(precise: false);
                    break;
                case WarmUp + Messages:
                    Volatile.Write(ref end, GC.GetTotalAllocatedBytes(precise: false));
                    break;
            }

            return ValueTask.FromResult(ConsumeResult.Success);
        });
        consumer.Subscribe("t");
        await consumer.StartAsync();
        await Eventually.True(() => Volatile.Read(ref end) > 0, $"{WarmUp + Messages} messages were handled", TimeSpan.FromSeconds(60));
        return (end - begin) / (double)Messages;
    }
}
