namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>
/// Which member of a group may consume a queue in order. A lock is a lease: it ends when its holder does not renew it or
/// gives it back. It does not end with the holder's connection or membership: what it pulled it may be consuming still.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class QueueLocks(TimeProvider time, TimeSpan lease)
{
    private readonly Dictionary<string, Dictionary<(string Topic, int QueueId), Lease>> _groups = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Locks or renews; whether the client holds it now.</summary>
    public bool TryLock(string group, string topic, int queueId, string clientId)
    {
        lock (_lock)
        {
            if (!_groups.TryGetValue(group, out Dictionary<(string, int), Lease>? queues))
            {
                _groups.Add(group, queues = []);
            }

            long now = time.GetTimestamp();
            if (queues.TryGetValue((topic, queueId), out Lease held)
                && held.ClientId != clientId
                && time.GetElapsedTime(held.RenewedAt, now) <= lease)
            {
                return false;
            }

            queues[(topic, queueId)] = new Lease(clientId, now);
            return true;
        }
    }

    /// <summary>Gives a lock back if the client holds it.</summary>
    public void Unlock(string group, string topic, int queueId, string clientId)
    {
        lock (_lock)
        {
            if (_groups.TryGetValue(group, out Dictionary<(string, int), Lease>? queues)
                && queues.TryGetValue((topic, queueId), out Lease held)
                && held.ClientId == clientId)
            {
                queues.Remove((topic, queueId));
                if (queues.Count == 0)
                {
                    _groups.Remove(group);
                }
            }
        }
    }

    /// <summary>Whether any lock of the group is held: it consumes in order.</summary>
    public bool AnyHeld(string group)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            return _groups.TryGetValue(group, out Dictionary<(string, int), Lease>? queues)
                && queues.Values.Any(held => time.GetElapsedTime(held.RenewedAt, now) <= lease);
        }
    }

    /// <summary>Forgets leases that ran out, so that the table does not grow.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            foreach ((string group, Dictionary<(string, int), Lease> queues) in _groups.ToArray())
            {
                foreach (((string, int) queue, Lease held) in queues.ToArray())
                {
                    if (time.GetElapsedTime(held.RenewedAt, now) > lease)
                    {
                        queues.Remove(queue);
                    }
                }

                if (queues.Count == 0)
                {
                    _groups.Remove(group);
                }
            }
        }
    }

    private readonly record struct Lease(string ClientId, long RenewedAt);
}
