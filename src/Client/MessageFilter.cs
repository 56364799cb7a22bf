using System.Text;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client;

/// <summary>Which messages of a topic are wanted: all, those with certain tags, or those that an SQL92 expression is true of.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class MessageFilter
{
    private readonly byte[][] _tags;

    private MessageFilter(string text, string[] tags, bool isSql)
    {
        Text = text;
        IsSql = isSql;
        Header = new HeaderText(text);
        Tags = tags;
        _tags = [.. tags.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Every message.</summary>
    public static MessageFilter All { get; } = new("*", [], isSql: false);

    /// <summary>The expression, in one spelling.</summary>
    public string Text { get; }

    /// <summary>Whether it is an SQL92 expression; else one of tags.</summary>
    public bool IsSql { get; }

    /// <summary>The tags; empty for everything and for SQL.</summary>
    internal IReadOnlyList<string> Tags { get; }

    /// <summary>The expression, encoded once.</summary>
    internal HeaderText Header { get; }

    /// <summary>The type's name on the wire; absent is tags, as all brokers know it.</summary>
    internal HeaderText TypeHeader => IsSql ? SqlType : default;

    private static HeaderText SqlType { get; } = new("SQL92");

    /// <summary>Messages with one of the tags.</summary>
    /// <param name="expression"><c>*</c>, or tags separated by <c>||</c>.</param>
    /// <exception cref="ArgumentException">It has no tag.</exception>
    public static MessageFilter ByTags(string? expression)
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
        return new MessageFilter(string.Join(" || ", tags), tags, isSql: false);
    }

    /// <summary>
    /// Messages that an SQL92 expression over their properties is true of, such as <c>TAGS = 'a' AND price BETWEEN 1 AND 9</c>. The broker
    /// filters; Apache's must have it switched on (<c>enablePropertyFilter</c>).
    /// </summary>
    /// <param name="expression">The expression. The broker parses it, when a consumer starts.</param>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public static MessageFilter BySql(string expression)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(expression);
        return new MessageFilter(expression.Trim(), [], isSql: true);
    }

    /// <summary>The expression.</summary>
    public override string ToString() => Text;

    /// <summary>Whether a message with that tag passes. Brokers filter tags by their hash, so the client looks at the tag itself.</summary>
    internal bool Matches(ReadOnlySpan<byte> tag)
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

    /// <summary>How heartbeats describe it.</summary>
    internal Remoting.Bodies.SubscriptionData Describe(string topic, long version) => new()
    {
        Topic = topic,
        Expression = Text,
        ExpressionType = IsSql ? "SQL92" : "TAG",
        Tags = [.. Tags],
        CodeSet = [.. Tags.Select(tag => (int)TagHash.Of(tag.AsSpan()))],
        Version = version,
    };
}
