namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>A group that pops a topic: its queues there and in its retry topics, and those who wait for messages.</summary>
internal sealed class PopGroup(string topic, string group, ReviveQueue account)
{
    private readonly Lock _lock = new();
    private readonly PopQueue?[][] _queues = [[], [], []];

    public string Topic => topic;

    public string Group => group;

    public string RetryV1 { get; } = PopNames.Retry(topic, group, isV2: false);

    public string RetryV2 { get; } = PopNames.Retry(topic, group, isV2: true);

    /// <summary>Where all its pops are accounted for: so that they are in one order.</summary>
    public ReviveQueue Account => account;

    /// <summary>Those who wait for messages to pop.</summary>
    public PopWaitLists Pops { get; } = new();

    /// <summary>Those who wait to be told of messages.</summary>
    public PopWaitLists Notifications { get; } = new();

    /// <summary>Whether arrivals are looked at for it.</summary>
    public bool IsListed { get; set; }

    /// <summary>A queue that is in one of its topics; null for another topic.</summary>
    public PopQueue? Queue(string name, int queueId)
    {
        int kind = name == topic ? 0 : name == RetryV1 ? 1 : name == RetryV2 ? 2 : -1;
        if (kind < 0 || queueId < 0)
        {
            return null;
        }

        PopQueue?[] queues = Volatile.Read(ref _queues[kind]);
        return queueId < queues.Length && queues[queueId] is { } known ? known : Make(kind, queueId);
    }

    /// <summary>All queues as of now.</summary>
    public IEnumerable<PopQueue> Queues()
    {
        foreach (PopQueue?[] queues in _queues)
        {
            foreach (PopQueue? queue in queues)
            {
                if (queue is not null)
                {
                    yield return queue;
                }
            }
        }
    }

    /// <summary>How many wait, of both kinds.</summary>
    public bool HasWaits => Pops.Count + Notifications.Count > 0;

    private PopQueue Make(int kind, int queueId)
    {
        lock (_lock)
        {
            PopQueue?[] queues = _queues[kind];
            if (queueId >= queues.Length)
            {
                Array.Resize(ref queues, queueId + 1);
            }

            // Readers take no lock: the queue is whole before the array shows it.
            PopQueue made = queues[queueId] ?? new PopQueue(this, kind == 0 ? topic : kind == 1 ? RetryV1 : RetryV2, queueId);
            Volatile.Write(ref queues[queueId], made);
            Volatile.Write(ref _queues[kind], queues);
            return made;
        }
    }
}
