using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Samples.Sdk;

/// <summary>Send a message, and handle it.</summary>
internal static class QuickStart
{
    public static async Task RunAsync(string nameServers)
    {
        var handled = new TaskCompletionSource<string>();
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();
        await producer.SendAsync(new Message("quickstart", "Hello"u8.ToArray(), tag: "greeting"));

        var options = new PushConsumerOptions { Group = "quickstart", From = ConsumeFrom.First, Client = { NameServers = nameServers } };
        await using var consumer = new PushConsumer(options, (message, _) =>
        {
            handled.TrySetResult(Encoding.UTF8.GetString(message.Body.Span));
            return ValueTask.FromResult(ConsumeResult.Success);
        });
        consumer.Subscribe("quickstart", "greeting");
        await consumer.StartAsync();
        await Console.Out.WriteLineAsync($"handled: {await handled.Task}");
    }
}
