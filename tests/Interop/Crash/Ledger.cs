using System.Globalization;

namespace ProtoBridgeMQ.Tests.Interop.Crash;

/// <summary>
/// What one sender sent and what was acknowledged to it, kept outside of the process that is killed. A sender never
/// sends a number twice, so every number that is found twice was stored twice.
/// </summary>
internal sealed class Ledger(string stream)
{
    private readonly Lock _gate = new();
    private readonly HashSet<long> _acknowledged = [];
    private long _next;

    /// <summary>The sender's name, which each of its messages carries.</summary>
    public string Stream { get; } = stream;

    /// <summary>How many messages were acknowledged.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged.Count;
            }
        }
    }

    /// <summary>How many messages were sent, acknowledged or not.</summary>
    public long Sent
    {
        get
        {
            lock (_gate)
            {
                return _next;
            }
        }
    }

    /// <summary>The acknowledged numbers.</summary>
    public IReadOnlyCollection<long> Numbers
    {
        get
        {
            lock (_gate)
            {
                return [.. _acknowledged];
            }
        }
    }

    /// <summary>The next number and the body that carries it.</summary>
    public (long Number, string Body) Next(Random random)
    {
        lock (_gate)
        {
            long number = _next++;
            return (number, $"{Stream}:{number}:{new string('x', random.Next(0, 900))}");
        }
    }

    /// <summary>The number was acknowledged.</summary>
    public void Acknowledge(long number)
    {
        lock (_gate)
        {
            _acknowledged.Add(number);
        }
    }

    /// <summary>The sender and the number that a body carries.</summary>
    public static (string Stream, long Number) Read(string body)
    {
        string[] parts = body.Split(':', 3);
        return (parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
