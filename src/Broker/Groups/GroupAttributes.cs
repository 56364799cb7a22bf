namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>
/// The attributes of a group, as RocketMQ 5 has them: kept whatever they are. A value: equal when the pairs are.
/// </summary>
public sealed class GroupAttributes : IEquatable<GroupAttributes>
{
    /// <summary>Whether messages that the group has not read are never deleted: <c>true</c> or <c>false</c>.</summary>
    public const string Protected = "protected";

    private readonly SortedDictionary<string, string> _pairs;

    /// <summary>These attributes.</summary>
    public GroupAttributes(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        _pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in pairs)
        {
            _pairs[name] = value;
        }
    }

    /// <summary>No attributes.</summary>
    public static GroupAttributes None { get; } = new([]);

    /// <summary>Names and values, by name.</summary>
    public IReadOnlyDictionary<string, string> Pairs => _pairs;

    /// <summary>Whether messages that the group has not read are never deleted.</summary>
    public bool IsProtected => bool.TryParse(_pairs.GetValueOrDefault(Protected), out bool value) && value;

    /// <summary>Applies a change as clients send it: <c>+name</c> sets, <c>-name</c> removes; names without a sign set too.</summary>
    public GroupAttributes Alter(IEnumerable<KeyValuePair<string, string>> change)
    {
        var pairs = new SortedDictionary<string, string>(_pairs, StringComparer.Ordinal);
        foreach ((string name, string value) in change)
        {
            if (name.StartsWith('-'))
            {
                pairs.Remove(name[1..]);
            }
            else if (name.TrimStart('+') is { Length: > 0 } plain)
            {
                pairs[plain] = value;
            }
        }

        return new GroupAttributes(pairs);
    }

    /// <inheritdoc/>
    public bool Equals(GroupAttributes? other) => other is not null && _pairs.SequenceEqual(other._pairs);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GroupAttributes);

    /// <inheritdoc/>
    public override int GetHashCode() => _pairs.Count;
}
