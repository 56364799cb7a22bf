namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>The expression of a group for a topic, other than by tags, as <c>consumerFilter.json</c> has it.</summary>
public sealed record GroupFilter
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>SQL92.</summary>
    public required string ExpressionType { get; init; }

    /// <summary>The expression.</summary>
    public required string Expression { get; init; }

    /// <summary>The version of the subscription it came with.</summary>
    public long ClientVersion { get; init; }

    /// <summary>When it was made, in Unix milliseconds.</summary>
    public long BornTime { get; init; }

    /// <summary>When the group had no members any more, or wanted the topic no more; before <see cref="BornTime"/> while it lives.</summary>
    public long DeadTime { get; init; }

    /// <summary>The filter; null when the expression cannot be read any more.</summary>
    public IMessageFilter? Filter { get; init; }

    /// <summary>Whether nobody uses it.</summary>
    public bool IsDead => DeadTime >= BornTime;
}
