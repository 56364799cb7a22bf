namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>
/// Which held pulls a message ends. The dispatcher asks, for every pull of the queue: so there is a limit of steps a message,
/// beyond which a pull is woken unseen; its reader filters again, and tells the consumer to go on behind the message.
/// </summary>
internal ref struct ArrivalMatch
{
    /// <summary>Steps of expressions that the dispatcher takes for one message.</summary>
    private const int MostSteps = 32 * 1024;

    private readonly long _tagHash;
    private readonly ReadOnlySpan<byte> _properties;
    private int _stepsLeft = MostSteps;
    private IMessageFilter? _last;
    private bool _lastAnswer;

    public ArrivalMatch(long tagHash, ReadOnlySpan<byte> properties)
    {
        _tagHash = tagHash;
        _properties = properties;
    }

    /// <summary>Whether a pull with this filter wakes.</summary>
    public bool Wakes(IMessageFilter? filter)
    {
        if (filter is null)
        {
            return true;
        }

        if (!filter.MatchesHash(_tagHash))
        {
            return false;
        }

        if (!filter.NeedsProperties || ReferenceEquals(filter, _last))
        {
            return !filter.NeedsProperties || _lastAnswer;
        }

        if (filter.Cost > _stepsLeft)
        {
            return true;
        }

        _stepsLeft -= filter.Cost;
        _last = filter;
        _lastAnswer = filter.MatchesProperties(_properties);
        return _lastAnswer;
    }
}
