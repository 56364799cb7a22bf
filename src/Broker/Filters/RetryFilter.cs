using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>
/// The filter of a retry topic: a message passes by the expression that its group has for the topic it came from first. One
/// whose topic the group has no expression for passes.
/// </summary>
internal sealed class RetryFilter(IMessageFilter own, GroupFilters filters, string group) : IMessageFilter
{
    public string ExpressionType => own.ExpressionType;

    public string Expression => own.Expression;

    public bool IsAll => false;

    public bool NeedsProperties => true;

    public int Cost => Math.Max(own.Cost, 1024);

    public bool MatchesHash(long tagHash) => true;

    public bool MatchesProperties(ReadOnlySpan<byte> properties) =>
        !PropertyText.TryGet(properties, SystemProperties.RetryTopic, out ReadOnlySpan<byte> topic)
        || filters.Find(topic, group)?.Filter is not { } filter
        || filter.MatchesProperties(properties);
}
