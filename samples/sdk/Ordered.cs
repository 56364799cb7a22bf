using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Samples.Sdk;

/// <summary>The steps of each order are handled in their order, orders beside each other.</summary>
internal static class Ordered
{
    private static readonly string[] Steps = ["placed", "paid", "packed", "shipped"];

    public static async Task RunAsync(string nameServers)
    {
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        await Task.WhenAll(Enumerable.Range(1, 5).Select(async order =>
        {
            foreach (string step in Steps)
            {
                await producer.SendAsync(new Message("orders", Encoding.UTF8.GetBytes(step), keys: $"order-{order}"), orderingKey: $"order-{order}");
            }
        }));

        var seen = new ConcurrentDictionary<string, List<string>>();
        var done = new CountdownEvent(5 * Steps.Length);
        var options = new PushConsumerOptions { Group = "orders-ordered", Ordered = true, From = ConsumeFrom.First, Client = { NameServers = nameServers } };
        await using var consumer = new PushConsumer(options, (message, _) =>
        {
            seen.GetOrAdd(message.Keys!, _ => []).Add(Encoding.UTF8.GetString(message.Body.Span));
            done.Signal();
            return ValueTask.FromResult(ConsumeResult.Success);
        });
        consumer.Subscribe("orders");
        await consumer.StartAsync();
        await Task.Run(done.Wait);
        foreach ((string order, List<string> steps) in seen.OrderBy(order => order.Key))
        {
            await Console.Out.WriteLineAsync($"{order}: {string.Join(" > ", steps)}");
        }
    }
}
