using System.Collections.Frozen;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// A tag expression: <c>*</c>, or tags separated by <c>||</c>. The broker decides by the hash that the queue entry
/// holds; the consumer compares the tag itself, because two tags may share a hash.
/// </summary>
public sealed class TagFilter : IMessageFilter
{
    private readonly FrozenSet<long> _hashes;

    private TagFilter(string expression, FrozenSet<string> tags)
    {
        Expression = expression;
        Tags = tags;
        _hashes = tags.Select(static tag => TagHash.Of(tag)).ToFrozenSet();
    }

    /// <summary>Every message.</summary>
    public static TagFilter All { get; } = new("*", FrozenSet<string>.Empty);

    /// <inheritdoc/>
    public string ExpressionType => FilterCompiler.Tags;

    /// <inheritdoc/>
    public string Expression { get; }

    /// <summary>The tags; empty when all are wanted.</summary>
    public FrozenSet<string> Tags { get; }

    /// <inheritdoc/>
    public bool IsAll => Tags.Count == 0;

    /// <inheritdoc/>
    public bool NeedsProperties => false;

    /// <inheritdoc/>
    public int Cost => 0;

    /// <summary>Reads an expression; null when it has separators but no tag.</summary>
    public static TagFilter? Parse(string? expression)
    {
        if (string.IsNullOrWhiteSpace(expression) || expression.Trim() == "*")
        {
            return All;
        }

        FrozenSet<string> tags = expression
            .Split("||", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .ToFrozenSet(StringComparer.Ordinal);
        return tags.Count == 0 ? null : new TagFilter(expression, tags);
    }

    /// <inheritdoc/>
    public bool MatchesHash(long tagHash) => IsAll || _hashes.Contains(tagHash);

    /// <inheritdoc/>
    public bool MatchesProperties(ReadOnlySpan<byte> properties) => true;

    /// <summary>Whether a tag matches exactly; null for a message without one.</summary>
    public bool Matches(string? tag) => IsAll || (tag is not null && Tags.Contains(tag));
}
