using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>What a request says of which messages it wants: <c>filter</c> (tags) or <c>sql</c> (SQL92), or nothing.</summary>
/// <param name="Tags">Tag expression in one spelling; null for none.</param>
/// <param name="Sql">SQL92 expression; null for none.</param>
internal readonly record struct FilterChoice(string? Tags, string? Sql)
{
    /// <summary>What access control judges: an SQL92 expression may let every tag through.</summary>
    public string Judged => Sql is not null ? "*" : Tags ?? string.Empty;

    /// <summary>As the bridge takes it.</summary>
    public GroupFilter Filter => new(TagExpression.Parse(Tags ?? "*"), null) { Sql = Sql };

    /// <summary>Reads the two parameters.</summary>
    /// <exception cref="BridgeException">One does not parse, or both are there.</exception>
    public static FilterChoice Read(string? filter, string? sql)
    {
        if (sql is null)
            return new FilterChoice(filter is null ? null : TagExpression.Parse(filter).Text, null);

        return filter is null && !string.IsNullOrWhiteSpace(sql)
            ? new FilterChoice(null, sql.Trim())
            : throw new BridgeException(BridgeError.FilterInvalid, "One of filter and sql, and not empty.");
    }
}
