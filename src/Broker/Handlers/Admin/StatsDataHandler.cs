using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>VIEW_BROKER_STATS_DATA (315): a counter over the last minute, hour and day.</summary>
internal sealed class StatsDataHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        ViewBrokerStatsDataRequestHeader header = ViewBrokerStatsDataRequestHeader.Read(request.Fields);
        if (StatisticKey.Parse(header.StatsName, header.StatsKey, out bool isSize) is not { } key || core.Statistics.Find(key) is not { } statistic)
        {
            return Answer.With(request, ResponseCode.SystemError, $"The stats <{header.StatsName}> <{header.StatsKey}> not exist");
        }

        long now = core.Statistics.Now;
        var body = new BrokerStatsData
        {
            Minute = Item(statistic.OfMinute(now, isSize)),
            Hour = Item(statistic.OfHour(now, isSize)),
            Day = Item(statistic.OfDay(now, isSize)),
        };
        return Answer.With(request, body, AdminJson.Bodies.BrokerStatsData);
    }

    private static BrokerStatsItem Item(in StatisticWindow window) => new() { Sum = window.Sum, Tps = window.Tps, Average = window.Average };
}
