using System.Diagnostics;
using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>
/// Many queues in one store, by the clock and not by BenchmarkDotNet, since a run is minutes long:
/// <c>dotnet run -c Release --project benchmarks/Micro -- store-queues [directory]</c>. Says the rate of messages written
/// in turn to n queues up to their being readable, the time of a checkpoint, of a stop, of a start after it and of a start
/// after a crash, and the heap that a queue takes.
/// </summary>
internal static class StoreQueueScale
{
    private static readonly byte[] Body = new byte[128];

    /// <summary>Runs all, or one: <c>ordinary n messages</c>, <c>light n messages</c>.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        if (arguments.Length >= 3)
        {
            int queues = int.Parse(arguments[1], CultureInfo.InvariantCulture);
            int messages = int.Parse(arguments[2], CultureInfo.InvariantCulture);
            await RunOneAsync(arguments[0] == "light", queues, messages);
            return;
        }

        await RunOneAsync(light: false, 1, 1_000_000);
        await RunOneAsync(light: false, 10_000, 1_000_000);
        await RunOneAsync(light: false, 100_000, 1_000_000);
        await RunOneAsync(light: true, 1, 2_000_000);
        await RunOneAsync(light: true, 1_000_000, 2_000_000);
    }

    private static async Task RunOneAsync(bool light, int queues, int messages)
    {
        string directory = Directory.CreateTempSubdirectory("protobridge-queues-").FullName;
        try
        {
            await MeasureAsync(directory, light, queues, messages);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(string directory, bool light, int queues, int messages)
    {
        StoreOptions options = new() { Directory = directory, FlushMode = FlushMode.Async, IndexEnabled = false };
        NumberSelector selector = new(light ? queues : 0);
        byte[][] topics = [.. Enumerable.Range(0, light ? 1 : queues).Select(i => Encoding.UTF8.GetBytes($"topic-{i}"))];
        MessageStore store = MessageStore.Open(options, lightQueueSelector: selector);
        long before = Heap();
        Cost create = Time(() =>
        {
            if (light)
            {
                store.LightQueues.Create(Enumerable.Range(0, queues).Select(i => $"sensors/{i}/temperature"), selector.Made, out _);
            }
        });
        Cost first = await AppendAsync(store, topics, queues);
        long heap = Heap() - before;
        Cost checkpoint = Time(() => store.WriteCheckpoint());
        Cost rate = await AppendAsync(store, topics, messages);
        Cost second = Time(() => store.WriteCheckpoint());
        Cost stop = await TimeAsync(() => store.DisposeAsync());
        Cost start = Time(() => store = MessageStore.Open(options, lightQueueSelector: selector));
        await store.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(directory, "abort"), "1");
        Cost unclean = Time(() => store = MessageStore.Open(options, lightQueueSelector: selector));
        await store.DisposeAsync();
        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{(light ? "light" : "ordinary"),8} queues {queues,9:N0}: {messages / rate.Elapsed.TotalSeconds,9:N0} msg/s, {rate.Processor.TotalMicroseconds / messages:N2} us of processor a message; first message each {first}, heap {(double)heap / queues:N0} B/queue, "
            + $"create {create}, checkpoint {checkpoint} then {second}, stop {stop}, start {start}, after a crash {unclean}"));
    }

    private static async Task<Cost> AppendAsync(MessageStore store, byte[][] topics, int messages)
    {
        long started = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < messages; i++)
        {
            while (Append(store, topics[i % topics.Length]) is var result && result.Status != AppendStatus.Appended)
            {
                await store.WaitDispatchedAsync();
            }
        }

        await store.WaitDispatchedAsync();
        return new Cost(Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - processor);
    }

    private static AppendResult Append(MessageStore store, byte[] topic) => store.Append(new MessageToStore
    {
        Topic = topic,
        QueueId = 0,
        Body = Body,
        BornTimestamp = 1_700_000_000_000,
        BornHost = HostAddress.Loopback(50000),
    });

    private static Cost Time(Action action)
    {
        long started = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        action();
        return new Cost(Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - processor);
    }

    private static async Task<Cost> TimeAsync(Func<ValueTask> action)
    {
        long started = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        await action();
        return new Cost(Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - processor);
    }

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);

    /// <summary>Time by the clock, and of the processor.</summary>
    private readonly record struct Cost(TimeSpan Elapsed, TimeSpan Processor)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Elapsed.TotalMilliseconds:N0} ms ({Processor.TotalMilliseconds:N0} cpu)");
    }

    /// <summary>Sends each record to the next queue: the number of the record decides, so the answer is always the same.</summary>
    private sealed class NumberSelector(int queues) : ILightQueueSelector
    {
        public List<LightQueueId> Made { get; } = new(queues);

        public void OnCreated(LightQueueId queue, ReadOnlySpan<byte> name)
        {
        }

        public void OnDeleted(LightQueueId queue, ReadOnlySpan<byte> name)
        {
        }

        public void Select(in MessageRecord record, LightQueueTargets targets)
        {
            if (Made.Count > 0)
            {
                targets.Add(Made[(int)(record.QueueOffset % Made.Count)]);
            }
        }
    }
}
