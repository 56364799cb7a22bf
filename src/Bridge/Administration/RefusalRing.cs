using ProtoBridgeMQ.Bridge.Access;

namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>The latest refusals of all fronts but those of access control, which has a ring of its own.</summary>
/// <remarks>Thread safe. Texts of clients are cut and stripped of control characters.</remarks>
/// <param name="capacity">How many are kept.</param>
/// <param name="clock">When.</param>
public sealed class RefusalRing(int capacity, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly ProtocolRefusal?[] _ring = new ProtocolRefusal?[capacity];
    private long _count;

    /// <summary>How many are kept now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return (int)Math.Min(_count, _ring.Length);
            }
        }
    }

    /// <summary>Notes a refusal.</summary>
    /// <param name="protocol">The front.</param>
    /// <param name="action">What was tried.</param>
    /// <param name="client">Who, as far as known; else null.</param>
    /// <param name="from">Address; null where there is none.</param>
    /// <param name="what">Topic, filter or path.</param>
    /// <param name="why">What was wrong.</param>
    public void Add(string protocol, string action, string? client, object? from, string what, string why)
    {
        var refusal = new ProtocolRefusal(
            clock.GetUtcNow(), protocol, action, client is null ? null : AccessAudit.Short(client), from?.ToString() ?? "-", AccessAudit.Short(what), AccessAudit.Short(why));
        lock (_gate)
        {
            _ring[_count++ % _ring.Length] = refusal;
        }
    }

    /// <summary>The latest, the newest first.</summary>
    public IReadOnlyList<ProtocolRefusal> Recent()
    {
        lock (_gate)
        {
            int kept = (int)Math.Min(_count, _ring.Length);
            return [.. Enumerable.Range(1, kept).Select(back => _ring[(_count - back) % _ring.Length]!)];
        }
    }
}

/// <summary>One refusal.</summary>
/// <param name="At">When.</param>
/// <param name="Protocol">The front.</param>
/// <param name="Action">What was tried.</param>
/// <param name="Client">Who, as far as known.</param>
/// <param name="From">Address.</param>
/// <param name="What">Topic, filter or path.</param>
/// <param name="Why">What was wrong.</param>
public sealed record ProtocolRefusal(DateTimeOffset At, string Protocol, string Action, string? Client, string From, string What, string Why);
