using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters.Sql;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>Makes filters of expressions. One that was made lately is given again: clients say theirs with every heartbeat or pull.</summary>
/// <remarks>Thread safe. Finding a known expression allocates nothing.</remarks>
public sealed class FilterCompiler
{
    /// <summary>The type of tag expressions.</summary>
    public const string Tags = "TAG";

    /// <summary>The type of SQL92 expressions.</summary>
    public const string Sql = "SQL92";

    private readonly ConcurrentDictionary<string, Outcome> _known = new(NameComparer.Instance);
    private readonly ConcurrentDictionary<string, Outcome>.AlternateLookup<ReadOnlySpan<byte>> _knownByBytes;
    private readonly BrokerOptions _options;
    private readonly SqlLimits _limits;
    private long _refused;

    /// <summary>Makes one with the limits of these options.</summary>
    public FilterCompiler(BrokerOptions options)
    {
        _options = options;
        _limits = new SqlLimits(options.MaxFilterLength, options.MaxFilterDepth, options.MaxFilterNodes);
        _knownByBytes = _known.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>SQL92 expressions whose filters are at hand.</summary>
    public int Known => _known.Count;

    /// <summary>SQL92 expressions that were refused, each time they were read.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Whether a type is that of tag expressions: none at all is.</summary>
    public static bool IsTags(string? type) => string.IsNullOrEmpty(type) || string.Equals(type, Tags, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a type is that of tag expressions: none at all is.</summary>
    public static bool IsTags(ReadOnlySpan<byte> type) => type.IsEmpty || Ascii.EqualsIgnoreCase(type, "TAG"u8);

    /// <summary>Makes a filter; null with a reason when there is none.</summary>
    /// <param name="type">TAG (also when it is null or empty) or SQL92.</param>
    /// <param name="expression">The expression; null, empty and <c>*</c> are all tags.</param>
    /// <param name="refusal">Why there is none.</param>
    public IMessageFilter? Compile(string? type, string? expression, out FilterRefusal? refusal)
    {
        if (!IsTags(type))
        {
            return string.Equals(type, Sql, StringComparison.OrdinalIgnoreCase) && _options.PropertyFilters
                ? CompileSql(expression ?? string.Empty, out refusal)
                : NotSupported(type, out refusal);
        }

        TagFilter? tags = TagFilter.Parse(expression);
        refusal = tags is null ? new FilterRefusal(FilterRefusalKind.Invalid, "the expression has separators and no tag") : null;
        return tags;
    }

    /// <summary>As above, of UTF-8 text from the wire.</summary>
    public IMessageFilter? Compile(ReadOnlySpan<byte> type, ReadOnlySpan<byte> expression, out FilterRefusal? refusal)
    {
        if (!IsTags(type) && _options.PropertyFilters && _knownByBytes.TryGetValue(expression, out Outcome? known)
            && Ascii.EqualsIgnoreCase(type, "SQL92"u8))
        {
            return known.Give(ref _refused, out refusal);
        }

        return Compile(Encoding.UTF8.GetString(type), Encoding.UTF8.GetString(expression), out refusal);
    }

    private static SqlFilter? NotSupported(string? type, out FilterRefusal refusal)
    {
        refusal = new FilterRefusal(FilterRefusalKind.NotSupported, $"The broker does not support consumer to filter message by {type}");
        return null;
    }

    private SqlFilter? CompileSql(string expression, out FilterRefusal? refusal)
    {
        if (!_known.TryGetValue(expression, out Outcome? outcome))
        {
            outcome = Read(expression);
            if (expression.Length <= _limits.Length)
            {
                Keep(expression, outcome);
            }
        }

        return outcome.Give(ref _refused, out refusal);
    }

    private Outcome Read(string expression)
    {
        try
        {
            return new Outcome(new SqlFilter(expression, SqlParser.Compile(expression, _limits)), null);
        }
        catch (FormatException error)
        {
            return new Outcome(null, new FilterRefusal(FilterRefusalKind.Invalid, $"Invalid MessageSelector. {error.Message}"));
        }
    }

    // Whoever still uses a filter has it; making it again is cheap. So what is full is emptied.
    private void Keep(string expression, Outcome outcome)
    {
        if (_known.Count >= _options.MaxKnownFilters)
        {
            _known.Clear();
        }

        _known[expression] = outcome;
    }

    private sealed record Outcome(SqlFilter? Filter, FilterRefusal? Refusal)
    {
        public SqlFilter? Give(ref long refused, out FilterRefusal? refusal)
        {
            refusal = Refusal;
            if (Filter is null)
            {
                Interlocked.Increment(ref refused);
            }

            return Filter;
        }
    }
}
