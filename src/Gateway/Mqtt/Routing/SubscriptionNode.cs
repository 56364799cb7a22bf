namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>One level of filters in the <see cref="SubscriptionTree"/>.</summary>
internal sealed class SubscriptionNode
{
    private Dictionary<byte[], SubscriptionNode>? _children;

    /// <summary>The level <c>+</c> below this one.</summary>
    public SubscriptionNode? Plus { get; private set; }

    /// <summary>Subscriptions whose filter ends here.</summary>
    public Dictionary<ISubscriber, Subscription>? Here { get; set; }

    /// <summary>Subscriptions whose filter goes on with <c>#</c>.</summary>
    public Dictionary<ISubscriber, Subscription>? Rest { get; set; }

    /// <summary>Whether nothing hangs on this level.</summary>
    public bool IsEmpty => Here is null && Rest is null && Plus is null && _children is null;

    public SubscriptionNode? Find(ReadOnlySpan<byte> level)
        => _children is not null && _children.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(level, out SubscriptionNode? child) ? child : null;

    public SubscriptionNode? FindFilterLevel(ReadOnlySpan<byte> level) => level.SequenceEqual("+"u8) ? Plus : Find(level);

    public SubscriptionNode GetOrAdd(ReadOnlySpan<byte> level)
    {
        if (level.SequenceEqual("+"u8))
            return Plus ??= new SubscriptionNode();
        _children ??= new Dictionary<byte[], SubscriptionNode>(LevelComparer.Instance);
        if (Find(level) is { } found)
            return found;
        var child = new SubscriptionNode();
        _children.Add(level.ToArray(), child);
        return child;
    }

    public void RemoveChild(ReadOnlySpan<byte> level)
    {
        if (level.SequenceEqual("+"u8))
        {
            Plus = null;
            return;
        }

        _children?.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(level);
        if (_children?.Count == 0)
            _children = null;
    }
}
