using System.Text;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>One refusal.</summary>
/// <param name="At">When.</param>
/// <param name="Action">What was tried: connect, publish, subscribe, will, consume, manage, authenticate.</param>
/// <param name="User">Who, as far as known.</param>
/// <param name="Client">Client identifier, or the front.</param>
/// <param name="From">Address.</param>
/// <param name="What">Topic name, filter, or empty.</param>
/// <param name="Why">The rule, or what was wrong.</param>
public sealed record Refusal(DateTimeOffset At, string Action, string User, string Client, string From, string What, string Why);

/// <summary>Tells refusals: one line of the log each, a count, and the latest of them to be shown.</summary>
/// <remarks>Thread safe. Texts of clients are cut and stripped of control characters.</remarks>
public sealed class AccessAudit
{
    private const int LongestText = 128;

    private readonly Lock _gate = new();
    private readonly Refusal?[] _ring;
    private readonly AccessMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private long _count;

    internal AccessAudit(int capacity, AccessMetrics metrics, TimeProvider clock, ILogger log)
    {
        _ring = new Refusal?[capacity];
        _metrics = metrics;
        _clock = clock;
        _log = log;
    }

    /// <summary>Tells a refusal.</summary>
    /// <param name="action">What was tried.</param>
    /// <param name="user">Who, as far as known.</param>
    /// <param name="client">Client identifier, or the front.</param>
    /// <param name="from">Address.</param>
    /// <param name="what">Topic name, filter, or empty.</param>
    /// <param name="why">The rule, or what was wrong.</param>
    public void Refused(string action, string user, string client, object? from, string what, string why)
    {
        var refusal = new Refusal(_clock.GetUtcNow(), action, Short(user), Short(client), from?.ToString() ?? "-", Short(what), Short(why));
        lock (_gate)
        {
            _ring[_count++ % _ring.Length] = refusal;
        }

        _metrics.Refused(action);
        AccessLog.Refused(_log, refusal.Action, refusal.User, refusal.Client, refusal.From, refusal.What, refusal.Why);
    }

    /// <summary>Counts messages that were left out for a subscriber that may not receive them.</summary>
    public void Withheld() => _metrics.Refused("deliver");

    /// <summary>The latest refusals, the newest first.</summary>
    public IReadOnlyList<Refusal> Recent()
    {
        lock (_gate)
        {
            int kept = (int)Math.Min(_count, _ring.Length);
            return [.. Enumerable.Range(1, kept).Select(back => _ring[(_count - back) % _ring.Length]!)];
        }
    }

    internal static string Short(string text)
    {
        if (text.Length <= LongestText && !text.Any(char.IsControl))
        {
            return text;
        }

        var clean = new StringBuilder(LongestText + 1);
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, LongestText)))
        {
            clean.Append(char.IsControl(c) ? '?' : c);
        }

        return clean.Append(text.Length > LongestText ? "…" : string.Empty).ToString();
    }
}
