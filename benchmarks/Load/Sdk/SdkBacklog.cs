using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Benchmarks.Load.Sdk;

/// <summary>Consumes all that a topic has by the SDK's push consumer, whose handler looks at the body.</summary>
internal static class SdkBacklog
{
    /// <summary>Consumes the topic to its end.</summary>
    /// <returns>Messages a second, from the start of the consumer to the last message.</returns>
    public static async Task<double> RunAsync(string nameServers, string topic, int queues)
    {
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = nameServers });
        IReadOnlyList<QueueEnds> ends = await new AdminClient(connection).GetTopicEndsAsync(topic);
        long all = ends.Sum(queue => queue.End - queue.First);
        if (ends.Count != queues)
        {
            throw new InvalidOperationException($"{topic} has {ends.Count} queues");
        }

        long left = all;
        long bytes = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new PushConsumerOptions { Group = $"{topic}-group", From = ConsumeFrom.First };
        await using var consumer = new PushConsumer(connection, options, (message, _) =>
        {
            Interlocked.Add(ref bytes, message.Body.Length);
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.TrySetResult();
            }

            return ValueTask.FromResult(ConsumeResult.Success);
        });
        consumer.Subscribe(topic);
        long start = TimeProvider.System.GetTimestamp();
        await consumer.StartAsync();
        await done.Task;
        return all / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
