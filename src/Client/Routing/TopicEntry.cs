using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Client.Routing;

/// <summary>What is known of a topic.</summary>
internal sealed class TopicEntry(string topic)
{
    private uint _turn = (uint)topic.GetHashCode(StringComparison.Ordinal);
    private TopicRoute? _route;

    public string Topic { get; } = topic;

    /// <summary>The name, encoded once for all sends.</summary>
    public HeaderText Name { get; } = new(topic);

    /// <summary>A send, as the subject of a sentence about its failure; made once for all sends.</summary>
    public string Sending { get; } = $"Sending to topic {topic}";

    public Lock Gate { get; } = new();

    /// <summary>The look-up in progress, shared by all who wait; guarded by the gate.</summary>
    public Task<TopicRoute?>? Lookup { get; set; }

    /// <summary>The route, or null while it is not known to exist.</summary>
    public TopicRoute? Route
    {
        get => Volatile.Read(ref _route);
        set => Volatile.Write(ref _route, value);
    }

    /// <summary>Whether the route is the template's: the topic does not exist yet.</summary>
    public bool IsTemplate { get; set; }

    /// <summary>When it was last asked for, in ticks of the clock's time stamp.</summary>
    public long LastUse { get; set; }

    /// <summary>The look-up in progress has ended.</summary>
    /// <remarks>Not in the finally block of the look-up itself: the trimmer would take the release of the lock away there (docs/adr/0046).</remarks>
    public void EndLookup()
    {
        lock (Gate)
        {
            Lookup = null;
        }
    }

    /// <summary>The next turn of the round robin over its queues.</summary>
    public uint NextTurn() => Interlocked.Increment(ref _turn);
}
