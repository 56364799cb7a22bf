using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Filters;
using GroupFilter = ProtoBridgeMQ.Bridge.Streams.GroupFilter;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Filters of the bridge as the broker reads them.</summary>
internal static class EmbeddedFilters
{
    /// <summary>The broker's part of a filter.</summary>
    /// <exception cref="BridgeException">It does not parse, or the broker does not filter so.</exception>
    public static IMessageFilter Compile(IBrokerCore core, GroupFilter? filter)
    {
        if (filter is null)
        {
            return TagFilter.All;
        }

        IMessageFilter? compiled = core.Filters.Compile(
            filter.Sql is null ? FilterCompiler.Tags : FilterCompiler.Sql, filter.Sql ?? filter.Tags.Text, out FilterRefusal? refusal);
        return compiled
            ?? throw new BridgeException(
                refusal?.Kind == FilterRefusalKind.NotSupported ? BridgeError.Unsupported : BridgeError.FilterInvalid,
                refusal?.Reason ?? "The filter does not parse.");
    }
}
