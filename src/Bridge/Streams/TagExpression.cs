using System.Text;

namespace ProtoBridgeMQ.Bridge.Streams;

/// <summary>A tag filter: <c>*</c> for everything, or tags separated by <c>||</c>.</summary>
/// <remarks>Immutable.</remarks>
public sealed class TagExpression
{
    /// <summary>Most tags in one expression.</summary>
    public const int MaxTags = 256;

    /// <summary>Longest expression in characters.</summary>
    public const int MaxLength = 8192;

    private readonly byte[][] _tags;

    private TagExpression(string text, byte[][] tags)
    {
        Text = text;
        _tags = tags;
    }

    /// <summary>Lets everything through.</summary>
    public static TagExpression All { get; } = new("*", []);

    /// <summary>Whether it lets everything through.</summary>
    public bool IsAll => _tags.Length == 0;

    /// <summary>The expression in one spelling, so that equal filters compare equal.</summary>
    public string Text { get; }

    /// <summary>The tags; empty for <see cref="All"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Tags => [.. _tags.Select(tag => (ReadOnlyMemory<byte>)tag)];

    /// <summary>Reads an expression.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.FilterInvalid"/>.</exception>
    public static TagExpression Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        if (expression.AsSpan().Trim() is "*")
        {
            return All;
        }

        string[] parts = expression.Split("||", StringSplitOptions.TrimEntries);
        if (expression.Length > MaxLength || parts.Length > MaxTags)
        {
            throw Invalid($"at most {MaxTags} tags and {MaxLength} characters");
        }

        foreach (string part in parts)
        {
            if (part.Length == 0 || part.AsSpan().ContainsAny('\u0001', '\u0002'))
            {
                throw Invalid("write *, or tags separated by ||");
            }
        }

        string[] distinct = [.. parts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new TagExpression(string.Join(" || ", distinct), [.. distinct.Select(Encoding.UTF8.GetBytes)]);
    }

    /// <summary>Whether a message with that tag passes; no tag passes only <see cref="All"/>.</summary>
    public bool Matches(ReadOnlySpan<byte> tag)
    {
        if (_tags.Length == 0)
        {
            return true;
        }

        foreach (byte[] candidate in _tags)
        {
            if (tag.SequenceEqual(candidate))
            {
                return true;
            }
        }

        return false;
    }

    private static BridgeException Invalid(string rule)
        => new(BridgeError.FilterInvalid, $"The tag expression does not parse: {rule}.");
}
