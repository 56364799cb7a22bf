using ProtoBridgeMQ.Tests.Interop.Remoting;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>Reads a topic whole and compares it with the ledgers.</summary>
internal sealed class Audit
{
    private const int MaxQueues = 16;

    private readonly Dictionary<string, HashSet<long>> _found = [];
    private readonly Dictionary<(string Stream, int Queue), long> _last = [];
    private readonly List<string> _faults = [];

    /// <summary>Messages that are there.</summary>
    public long Present { get; private set; }

    /// <summary>Messages that are there though their acknowledgement did not come in time.</summary>
    public long Unacknowledged { get; private set; }

    /// <summary>What is wrong: lost, doubled, out of order, gaps.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Reads all queues of a topic.</summary>
    public static async Task<Audit> OfAsync(RawBroker broker, string topic, IReadOnlyList<Ledger> ledgers)
    {
        var audit = new Audit();
        for (int queue = 0; queue < MaxQueues; queue++)
        {
            await audit.ReadQueueAsync(broker, topic, queue);
        }

        audit.Compare(topic, ledgers);
        return audit;
    }

    private async Task ReadQueueAsync(RawBroker broker, string topic, int queue)
    {
        (long first, long end) = await broker.RangeAsync(topic, queue);
        long expected = first;
        while (expected < end)
        {
            (IReadOnlyList<StoredMessage> messages, _) = await broker.PullAsync(topic, queue, expected, "crash-audit");
            if (messages.Count == 0)
            {
                _faults.Add($"{topic} queue {queue}: nothing at offset {expected} of {end}");
                return;
            }

            foreach (StoredMessage message in messages)
            {
                Take(topic, queue, expected, message);
                expected = message.Offset + 1;
            }
        }
    }

    private void Take(string topic, int queue, long expected, StoredMessage message)
    {
        Present++;
        if (message.Offset != expected)
        {
            _faults.Add($"{topic} queue {queue}: offset {message.Offset} follows {expected - 1}");
        }

        (string stream, long number) = Ledger.Read(message.Text);
        if (!_found.TryGetValue(stream, out HashSet<long>? numbers))
        {
            _found[stream] = numbers = [];
        }

        if (!numbers.Add(number))
        {
            _faults.Add($"{topic} queue {queue}: {stream} number {number} is there twice, again at offset {message.Offset}");
        }

        if (_last.TryGetValue((stream, queue), out long last) && number <= last)
        {
            _faults.Add($"{topic} queue {queue}: {stream} number {number} follows number {last}");
        }

        _last[(stream, queue)] = number;
    }

    private void Compare(string topic, IReadOnlyList<Ledger> ledgers)
    {
        foreach (Ledger ledger in ledgers)
        {
            HashSet<long> found = _found.GetValueOrDefault(ledger.Stream) ?? [];
            long[] lost = [.. ledger.Numbers.Where(number => !found.Contains(number)).Order()];
            if (lost.Length > 0)
            {
                _faults.Add($"{topic}: {lost.Length} acknowledged messages of {ledger.Stream} are lost, the first is number {lost[0]}");
            }

            Unacknowledged += found.Count - (ledger.Numbers.Count - lost.Length);
        }
    }
}
