using System.Text.RegularExpressions;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>
/// A consumer of the remoting topic, one loop a queue: it begins at the group's saved progress, and saves it after each
/// batch. Outside of the process that is killed it remembers what it processed, so that a restart shows what was lost
/// and what came twice.
/// </summary>
internal sealed partial class GroupReader
{
    /// <summary>The group.</summary>
    public const string Group = "crash-group";

    private readonly QueueProgress[] _queues = [.. Enumerable.Range(0, Workload.RemotingSenders).Select(_ => new QueueProgress())];

    /// <summary>Messages processed, each counted once.</summary>
    public long Processed => _queues.Sum(queue => queue.ProcessedUpTo);

    /// <summary>Messages that came a second time after a restart.</summary>
    public long Again => _queues.Sum(queue => queue.Again);

    /// <summary>What was wrong.</summary>
    public IEnumerable<string> Faults => _queues.SelectMany((queue, i) => queue.Faults.Select(fault => $"queue {i}: {fault}"));

    /// <summary>Consumes until the connection ends or the token says so.</summary>
    public Task RunAsync(GatewayProcess gateway, CancellationToken stop)
    {
        long[] saved = SavedProgress(gateway.Data);
        return Task.WhenAll(_queues.Select((queue, i) => Task.Run(() => ReadQueueAsync(gateway, queue, i, saved[i], stop), CancellationToken.None)));
    }

    /// <summary>Whether everything up to these ends was processed.</summary>
    public bool HasReached(IReadOnlyList<long> ends) => _queues.Select((queue, i) => queue.ProcessedUpTo >= ends[i]).All(reached => reached);

    private static async Task ReadQueueAsync(GatewayProcess gateway, QueueProgress progress, int queue, long saved, CancellationToken stop)
    {
        try
        {
            using RawBroker broker = await RawBroker.ConnectAsync(gateway.Ports.Broker);
            long next = Math.Max(0, await broker.ProgressAsync(Group, Workload.RemotingTopic, queue));
            progress.Resume(next, saved);
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            while (!stop.IsCancellationRequested)
            {
                (IReadOnlyList<StoredMessage> messages, next) = await broker.PullAsync(Workload.RemotingTopic, queue, next, Group);
                foreach (StoredMessage message in messages)
                {
                    progress.Process(message.Offset);
                }

                if (messages.Count > 0)
                {
                    await broker.CommitAsync(Group, Workload.RemotingTopic, queue, next);
                    progress.Committed = next;
                }
                else
                {
                    await pause.WaitForNextTickAsync(CancellationToken.None);
                }
            }
        }
        catch (Exception killed) when (killed is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
        }
    }

    /// <summary>The progress in the file that the killed process left; -1 where there is none.</summary>
    private static long[] SavedProgress(string data)
    {
        long[] saved = [.. Enumerable.Repeat(-1L, Workload.RemotingSenders)];
        string file = Path.Combine(data, "config", "consumerOffset.json");
        if (!File.Exists(file))
        {
            return saved;
        }

        // Keys of the inner table are bare numbers, which JSON does not have but RocketMQ writes.
        Match table = Regex.Match(File.ReadAllText(file), $"\"{Workload.RemotingTopic}@{Group}\"\\s*:\\s*{{([^}}]*)}}");
        foreach (Match entry in TableEntry().Matches(table.Groups[1].Value))
        {
            int queue = int.Parse(entry.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
            saved[queue] = long.Parse(entry.Groups[2].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
        }

        return saved;
    }

    [GeneratedRegex("\"?(\\d+)\"?\\s*:\\s*(\\d+)")]
    private static partial Regex TableEntry();

    private sealed class QueueProgress
    {
        public long ProcessedUpTo { get; private set; }

        public long Committed { get; set; }

        public long Again { get; private set; }

        public List<string> Faults { get; } = [];

        public void Resume(long at, long saved)
        {
            if (at > ProcessedUpTo)
            {
                Faults.Add($"resumed at {at} though only {ProcessedUpTo} messages were processed");
            }

            if (saved >= 0 && at < saved)
            {
                Faults.Add($"resumed at {at}, before the saved progress {saved}");
            }

            if (at < ProcessedUpTo)
            {
                Again += ProcessedUpTo - at;
            }
        }

        public void Process(long offset)
        {
            if (offset > ProcessedUpTo)
            {
                Faults.Add($"message {offset} came after {ProcessedUpTo - 1}");
            }

            ProcessedUpTo = Math.Max(ProcessedUpTo, offset + 1);
        }
    }
}
