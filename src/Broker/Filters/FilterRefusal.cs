namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>Why an expression gives no filter.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Reason">For the one who wrote it: what is wrong, and where.</param>
public sealed record FilterRefusal(FilterRefusalKind Kind, string Reason);

/// <summary>Kinds of <see cref="FilterRefusal"/>.</summary>
public enum FilterRefusalKind
{
    /// <summary>The expression is not one of its type, or is beyond a limit.</summary>
    Invalid,

    /// <summary>The broker does not filter by this type.</summary>
    NotSupported,
}
