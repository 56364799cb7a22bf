using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// A place in a topic: of each queue the offset of the next message. Clients hand it back as they got it.
/// <code>0:13,1:7,2:0      or      broker-a.0:13,broker-b.0:7      or      -   (no queue)</code>
/// </summary>
internal sealed class QueuePositions
{
    /// <summary>Longest text: that of a topic of some thousand queues.</summary>
    private const int MaxLength = 64 * 1024;

    private const string None = "-";

    private readonly Dictionary<string, long> _next = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    public int Count => _order.Count;

    /// <summary>Names of the queues, in the order in which they came.</summary>
    public IReadOnlyList<string> Queues => _order;

    public long this[string queue]
    {
        get => _next[queue];
        set
        {
            if (_next.TryAdd(queue, value))
                _order.Add(queue);
            else
                _next[queue] = value;
        }
    }

    public bool TryGet(string queue, out long next) => _next.TryGetValue(queue, out next);

    public void Remove(string queue)
    {
        if (_next.Remove(queue))
            _order.Remove(queue);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="RefusalException">It is something else.</exception>
    public static QueuePositions Parse(string name, string text)
    {
        var positions = new QueuePositions();
        if (text == None)
            return positions;

        foreach (string item in text.Length <= MaxLength ? text.Split(',') : [])
        {
            int colon = item.LastIndexOf(':');
            if (colon <= 0
                || !long.TryParse(item.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long next)
                || item.AsSpan(0, colon).ContainsAnyExceptInRange('!', '~')
                || !positions._next.TryAdd(item[..colon], next))
            {
                throw Wrong(name);
            }

            positions._order.Add(item[..colon]);
        }

        return positions.Count > 0 ? positions : throw Wrong(name);
    }

    public override string ToString()
    {
        if (_order.Count == 0)
            return None;

        var text = new StringBuilder(_order.Count * 8);
        foreach (string queue in _order)
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? "," : string.Empty)}{queue}:{_next[queue]}");

        return text.ToString();
    }

    private static RefusalException Wrong(string name) => RefusalException.Invalid($"{name} is no place in a topic: hand it back as it came.");
}
