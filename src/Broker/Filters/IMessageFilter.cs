namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>
/// What of a topic is wanted. The answer comes in two steps: by the hash that the queue entry carries, and, where that is
/// not all, by the properties of the record.
/// </summary>
/// <remarks>Immutable and thread safe; answering allocates nothing.</remarks>
public interface IMessageFilter
{
    /// <summary><c>TAG</c> or <c>SQL92</c>.</summary>
    string ExpressionType { get; }

    /// <summary>The expression it was read from.</summary>
    string Expression { get; }

    /// <summary>Whether every message matches: readers pass null in its place.</summary>
    bool IsAll { get; }

    /// <summary>Whether <see cref="MatchesProperties"/> has a say, too.</summary>
    bool NeedsProperties { get; }

    /// <summary>Steps that one look at the properties takes, at most; 0 when there is none.</summary>
    int Cost { get; }

    /// <summary>Whether a message whose queue entry carries this hash may match.</summary>
    bool MatchesHash(long tagHash);

    /// <summary>Whether a message with this property text matches. Only asked after <see cref="MatchesHash"/> said so.</summary>
    bool MatchesProperties(ReadOnlySpan<byte> properties);
}
