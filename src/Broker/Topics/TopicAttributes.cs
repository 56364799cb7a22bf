using System.Collections.Frozen;
using System.Globalization;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>The attributes of a topic, as RocketMQ 5 has them. A value: equal when the pairs are.</summary>
public sealed class TopicAttributes : IEquatable<TopicAttributes>
{
    /// <summary>What happens to old messages: <c>DELETE</c> or <c>COMPACTION</c>.</summary>
    public const string CleanupPolicy = "cleanup.policy";

    /// <summary>How long messages are kept, in milliseconds; -1: as the store does.</summary>
    public const string ReserveTime = "reserve.time";

    /// <summary>Bytes of its messages that are kept, on this broker; -1: any. Not known to Apache RocketMQ, which ignores it.</summary>
    public const string ReserveBytes = "reserve.bytes";

    /// <summary>Value of <see cref="CleanupPolicy"/>: the latest message of each key is kept.</summary>
    public const string Compaction = "COMPACTION";

    private static readonly FrozenDictionary<string, (bool Changeable, Func<string, string?> Reject)> Known =
        new Dictionary<string, (bool, Func<string, string?>)>
        {
            ["queue.type"] = (false, RejectQueueType),
            [CleanupPolicy] = (false, static value => RejectOutside(value, Compaction, "DELETE")),
            ["message.type"] = (true, static value => RejectOutside(value, "DELAY", "FIFO", "MIXED", "NORMAL", "TRANSACTION", "UNSPECIFIED")),
            [ReserveTime] = (true, RejectNumber),
            [ReserveBytes] = (true, RejectNumber),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly SortedDictionary<string, string> _pairs;

    private TopicAttributes(SortedDictionary<string, string> pairs) => _pairs = pairs;

    /// <summary>No attributes.</summary>
    public static TopicAttributes None { get; } = new(new(StringComparer.Ordinal));

    /// <summary>Those of a compacted topic.</summary>
    public static TopicAttributes Compacted { get; } = None.With(CleanupPolicy, Compaction);

    /// <summary>Names and values, by name.</summary>
    public IReadOnlyDictionary<string, string> Pairs => _pairs;

    /// <summary>Whether the latest message of each key is kept.</summary>
    public bool IsCompacted => _pairs.GetValueOrDefault(CleanupPolicy) == Compaction;

    /// <summary>These, and one more or another value.</summary>
    public TopicAttributes With(string name, string value) => new(new SortedDictionary<string, string>(_pairs, StringComparer.Ordinal) { [name] = value });

    /// <summary>
    /// Reads a change as clients send it: <c>+name=value,+name=value,-name</c>. Null when it cannot be made; why is in
    /// RocketMQ's words.
    /// </summary>
    /// <param name="text">The change; null or empty for none.</param>
    /// <param name="current">What the topic has; null for a topic that is created.</param>
    /// <param name="refusal">Why it cannot be made.</param>
    public static TopicAttributes? Alter(string? text, TopicAttributes? current, out string? refusal)
    {
        refusal = null;
        if (string.IsNullOrEmpty(text))
        {
            return current ?? None;
        }

        var pairs = new SortedDictionary<string, string>((current ?? None)._pairs, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            refusal = Alter(part, current, pairs, seen);
            if (refusal is not null)
            {
                return null;
            }
        }

        return new TopicAttributes(pairs);
    }

    /// <inheritdoc/>
    public bool Equals(TopicAttributes? other) => other is not null && _pairs.SequenceEqual(other._pairs);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TopicAttributes);

    /// <inheritdoc/>
    public override int GetHashCode() => _pairs.Count;

    private static string? Alter(string part, TopicAttributes? current, SortedDictionary<string, string> pairs, HashSet<string> seen)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        char sign = part[0];
        string name = equals < 0 ? part[1..] : part[1..Math.Max(1, equals)];
        if (sign != (equals < 0 ? '-' : '+') || name.Length == 0 || name.AsSpan().ContainsAny('+', '-'))
        {
            return equals < 0 ? $"delete attribute format is wrong: {part}" : $"add/alter attribute format is wrong: {part}";
        }

        if (!seen.Add(name))
        {
            return $"key duplication: {name}";
        }

        if (current is null && sign == '-')
        {
            return $"only add attribute is supported while creating topic. key: {name}";
        }

        if (sign == '-' && !pairs.ContainsKey(name))
        {
            return $"attempt to delete a nonexistent key: {name}";
        }

        if (!Known.TryGetValue(name, out (bool Changeable, Func<string, string?> Reject) known))
        {
            return $"unsupported key: {name}";
        }

        if (current is not null && !known.Changeable)
        {
            return $"attempt to update an unchangeable attribute. key: {name}";
        }

        if (sign == '-')
        {
            pairs.Remove(name);
            return null;
        }

        string value = part[(equals + 1)..];
        pairs[name] = value;
        return known.Reject(value);
    }

    private static string? RejectQueueType(string value) =>
        value == "BatchCQ" ? "queues of the type BatchCQ are not supported by this broker" : RejectOutside(value, "BatchCQ", "SimpleCQ");

    private static string? RejectOutside(string value, params ReadOnlySpan<string> universe) =>
        universe.Contains(value) ? null : $"value is not in set: [{string.Join(", ", universe!)}]";

    private static string? RejectNumber(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= -1
            ? null
            : $"value is not in range(-1, {long.MaxValue})";
}
