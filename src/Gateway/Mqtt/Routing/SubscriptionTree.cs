namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>
/// All subscriptions of the front, by the levels of their filters. A message is matched once, for all sessions; the
/// cost depends on the levels of its name and the filters that begin like it, not on the number of sessions.
/// </summary>
/// <remarks>
/// Thread safe: many may match while nobody changes. Matching allocates nothing. Recursion is bounded by the levels of
/// filters, which the session limits.
/// </remarks>
public sealed class SubscriptionTree : IDisposable
{
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);
    private readonly SubscriptionNode _root = new();

    /// <summary>How many subscriptions there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a subscription; the same subscriber's subscription to the same filter is replaced [MQTT-3.8.4-3] and answered.</summary>
    public Subscription? Add(ReadOnlySpan<byte> filter, Subscription subscription)
    {
        _lock.EnterWriteLock();
        try
        {
            SubscriptionNode node = _root;
            while (true)
            {
                ReadOnlySpan<byte> level = CutLevel(ref filter, out bool last);
                if (level.SequenceEqual("#"u8))
                    return Put(node.Rest ??= [], subscription);
                node = node.GetOrAdd(level);
                if (last)
                    return Put(node.Here ??= [], subscription);
            }
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Removes a subscriber's subscription to exactly that filter [MQTT-3.10.4-1]; null when there is none.</summary>
    public Subscription? Remove(ReadOnlySpan<byte> filter, ISubscriber subscriber)
    {
        _lock.EnterWriteLock();
        try
        {
            Subscription? removed = Remove(_root, filter, subscriber);
            if (removed is not null)
                Count--;
            return removed;
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Collects the subscriptions that match a topic name.</summary>
    /// <param name="name">Topic name in UTF-8.</param>
    /// <param name="publisher">Client identifier of who published it, if known: for no-local.</param>
    /// <param name="into">Where matches are added.</param>
    public void Match(ReadOnlySpan<byte> name, ReadOnlySpan<byte> publisher, MatchSet into)
    {
        _lock.EnterReadLock();
        try
        {
            // [MQTT-4.7.2-1]: wildcards do not match a first level that begins with $.
            bool system = !name.IsEmpty && name[0] == '$';
            Match(_root, name, publisher, into, wildcards: !system);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static void Match(SubscriptionNode node, ReadOnlySpan<byte> rest, ReadOnlySpan<byte> publisher, MatchSet into, bool wildcards)
    {
        if (wildcards)
            Collect(node.Rest, publisher, into);
        ReadOnlySpan<byte> level = CutLevel(ref rest, out bool last);
        Step(node.Find(level), rest, last, publisher, into);
        if (wildcards)
            Step(node.Plus, rest, last, publisher, into);
    }

    private static void Step(SubscriptionNode? child, ReadOnlySpan<byte> rest, bool last, ReadOnlySpan<byte> publisher, MatchSet into)
    {
        if (child is null)
            return;
        if (!last)
        {
            Match(child, rest, publisher, into, wildcards: true);
            return;
        }

        Collect(child.Here, publisher, into);
        // "a/#" matches "a", too (4.7.1.2).
        Collect(child.Rest, publisher, into);
    }

    private static void Collect(Dictionary<ISubscriber, Subscription>? subscriptions, ReadOnlySpan<byte> publisher, MatchSet into)
    {
        if (subscriptions is null)
            return;
        foreach (KeyValuePair<ISubscriber, Subscription> entry in subscriptions)
            into.Add(entry.Value, publisher);
    }

    private static Subscription? Remove(SubscriptionNode node, ReadOnlySpan<byte> filter, ISubscriber subscriber)
    {
        ReadOnlySpan<byte> level = CutLevel(ref filter, out bool last);
        Subscription? removed;
        if (level.SequenceEqual("#"u8))
        {
            removed = Take(node.Rest, subscriber);
            node.Rest = node.Rest?.Count == 0 ? null : node.Rest;
            return removed;
        }

        SubscriptionNode? child = node.FindFilterLevel(level);
        if (child is null)
            return null;
        if (last)
        {
            removed = Take(child.Here, subscriber);
            child.Here = child.Here?.Count == 0 ? null : child.Here;
        }
        else
        {
            removed = Remove(child, filter, subscriber);
        }

        if (child.IsEmpty)
            node.RemoveChild(level);
        return removed;
    }

    private static Subscription? Take(Dictionary<ISubscriber, Subscription>? from, ISubscriber subscriber)
        => from is not null && from.Remove(subscriber, out Subscription? removed) ? removed : null;

    private static ReadOnlySpan<byte> CutLevel(ref ReadOnlySpan<byte> rest, out bool last)
    {
        int end = rest.IndexOf((byte)'/');
        last = end < 0;
        ReadOnlySpan<byte> level = last ? rest : rest[..end];
        rest = last ? default : rest[(end + 1)..];
        return level;
    }

    private Subscription? Put(Dictionary<ISubscriber, Subscription> into, Subscription subscription)
    {
        into.TryGetValue(subscription.Subscriber, out Subscription? before);
        into[subscription.Subscriber] = subscription;
        if (before is null)
            Count++;
        return before;
    }
}
