using ProtoBridgeMQ.Remoting.Headers;
using System.Text;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>A tag expression: <c>*</c>, or tags separated by <c>||</c>. Brokers filter by hash, so the client looks at the tag itself.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class TagFilter
{
    private readonly byte[][] _tags;

    private TagFilter(string text, string[] tags)
    {
        Text = text;
        Header = new HeaderText(text);
        Tags = tags;
        _tags = [.. tags.Select(Encoding.UTF8.GetBytes)];
    }

    public static TagFilter All { get; } = new("*", []);

    /// <summary>The expression in one spelling.</summary>
    public string Text { get; }

    /// <summary>The same, encoded once.</summary>
    public HeaderText Header { get; }

    /// <summary>The tags; empty for everything.</summary>
    public IReadOnlyList<string> Tags { get; }

    public static TagFilter Parse(string? expression)
    {
        if (string.IsNullOrWhiteSpace(expression) || expression.AsSpan().Trim() is "*")
        {
            return All;
        }

        string[] tags = expression.Split("||", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (tags.Length == 0)
        {
            throw new ArgumentException($"The tag expression '{expression}' has no tag: write *, or tags separated by ||.", nameof(expression));
        }

        tags = [.. tags.Distinct(StringComparer.Ordinal)];
        return new TagFilter(string.Join(" || ", tags), tags);
    }

    /// <summary>Whether a message with that tag passes.</summary>
    public bool Matches(ReadOnlySpan<byte> tag)
    {
        if (_tags.Length == 0)
        {
            return true;
        }

        foreach (byte[] wanted in _tags)
        {
            if (tag.SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }
}
