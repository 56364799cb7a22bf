using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Samples.Sdk;

/// <summary>Ask, and wait for the answer of whoever handles the question.</summary>
internal static class RequestReply
{
    public static async Task RunAsync(string nameServers)
    {
        await using var producer = new Producer(new ProducerOptions { Client = { NameServers = nameServers } });
        await producer.StartAsync();

        var options = new PushConsumerOptions
        {
            Group = "squares",
            From = ConsumeFrom.First,
            Client = { NameServers = nameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(200) },
        };
        await using var consumer = new PushConsumer(options, async (request, token) =>
        {
            int number = int.Parse(Encoding.UTF8.GetString(request.Body.Span), CultureInfo.InvariantCulture);
            await producer.ReplyAsync(request, Encoding.UTF8.GetBytes($"{number * number}"), token);
            return ConsumeResult.Success;
        });
        consumer.Subscribe("square");
        await consumer.StartAsync();

        ReceivedMessage answer = await producer.RequestAsync(new Message("square", "12"u8.ToArray()), TimeSpan.FromSeconds(10));
        await Console.Out.WriteLineAsync($"12 squared is {Encoding.UTF8.GetString(answer.Body.Span)}");
    }
}
