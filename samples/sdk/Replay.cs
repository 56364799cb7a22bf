using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Samples.Sdk;

/// <summary>Read again what came since a moment, without a group and without disturbing one.</summary>
internal static class Replay
{
    public static async Task RunAsync(string nameServers)
    {
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = nameServers });
        await using var producer = new Producer(connection, new ProducerOptions());
        await producer.StartAsync();
        await SendAsync(producer, "before");
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        DateTimeOffset since = TimeProvider.System.GetUtcNow();
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        await SendAsync(producer, "after");

        await using var reader = new Reader(connection, new ReaderOptions());
        var texts = new List<string>();
        await foreach (ReceivedMessage message in reader.ReadToEndAsync("replay", ReadFrom.Time(since)))
        {
            texts.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        await Console.Out.WriteLineAsync($"replayed: {string.Join(", ", texts.Order())}");
    }

    private static async Task SendAsync(Producer producer, string when)
    {
        for (int i = 1; i <= 3; i++)
        {
            await producer.SendAsync(new Message("replay", Encoding.UTF8.GetBytes($"{when} {i}")));
        }
    }
}
