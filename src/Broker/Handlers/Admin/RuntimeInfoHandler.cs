using System.Globalization;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>
/// GET_BROKER_RUNTIME_INFO (28): RocketMQ's keys as far as they mean something here. There are no thread pools: requests wait
/// nowhere, so their queues are empty.
/// </summary>
internal sealed class RuntimeInfoHandler(BrokerCore core, TimeProvider time) : IRequestHandler
{
    private readonly long _bootTime = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly int _levels = DelayLevels.Parse(core.Options.MessageDelayLevel).Count;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        var info = new KvTable();
        AddBroker(info.Table);
        AddLog(info.Table);
        AddTraffic(info.Table);
        AddDelays(info.Table);
        AddQueues(info.Table);
        return Answer.With(request, info, RemotingJson.Bodies.KvTable);
    }

    private void AddBroker(Dictionary<string, string> info)
    {
        TimeSpan up = TimeSpan.FromMilliseconds(core.Statistics.Now - _bootTime);
        info["brokerVersionDesc"] = "ProtoBridgeMQ " + typeof(RuntimeInfoHandler).Assembly.GetName().Version?.ToString(3);
        info["brokerVersion"] = Text(core.Options.Remoting.Version);
        info["brokerActive"] = core.Status.Writable ? "true" : "false";
        info["bootTimestamp"] = Text(_bootTime);
        info["startAcceptSendRequestTimeStamp"] = Text(_bootTime);
        info["runtime"] = string.Create(CultureInfo.InvariantCulture, $"[ {up.Days} days, {up.Hours} hours, {up.Minutes} minutes, {up.Seconds} seconds ]");
        info["totalMemKBytes"] = Text(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024);
    }

    private void AddLog(Dictionary<string, string> info)
    {
        long written = core.Store.Written.Value;
        info["commitLogMinOffset"] = Text(core.Store.MinPhysicalOffset);
        info["commitLogMaxOffset"] = Text(written);
        info["dispatchBehindBytes"] = Text(Math.Max(0, written - core.Store.Dispatched.Value));
        info["remainHowManyDataToFlush"] = ByteText.Of(Math.Max(0, written - core.Store.Durable.Value));
        info["earliestMessageTimeStamp"] = Text(core.EarliestRecordTime());
        info["pageCacheLockTimeMills"] = "0";
        if (core.DiskRoom() is { } room)
        {
            string share = room.UsedShare.ToString("R", CultureInfo.InvariantCulture);
            info["commitLogDiskRatio"] = share;
            info["commitLogDiskRatio_" + Path.Combine(Path.GetFullPath(core.Options.DataDirectory), "commitlog")] = share;
            info["consumeQueueDiskRatio"] = share;
            info["commitLogDirCapacity"] = $"Total : {ByteText.Of(room.Used + room.Available)}, Free : {ByteText.Of(room.Available)}.";
        }
    }

    private void AddTraffic(Dictionary<string, string> info)
    {
        BrokerStatistics statistics = core.Statistics;
        DayTotals totals = statistics.Totals;
        info["putTps"] = Rates(statistics.Put);
        info["getFoundTps"] = info["getTotalTps"] = info["getTransferredTps"] = Rates(statistics.Get);
        // The name as tools of 4.x look for it: without it their list of the cluster ends in an error.
        info["getTransferedTps"] = info["getTransferredTps"];
        info["putMessageTimesTotal"] = info["msgPutTotalTodayNow"] = Text(statistics.Put.Messages);
        info["putMessageSizeTotal"] = Text(statistics.Put.Bytes);
        info["putMessageAverageSize"] = (statistics.Put.Messages == 0 ? 0 : (double)statistics.Put.Bytes / statistics.Put.Messages).ToString("F1", CultureInfo.InvariantCulture);
        info["msgGetTotalTodayNow"] = Text(statistics.Get.Messages);
        info["msgPutTotalTodayMorning"] = Text(totals.PutThisMorning);
        info["msgPutTotalYesterdayMorning"] = Text(totals.PutYesterdayMorning);
        info["msgGetTotalTodayMorning"] = Text(totals.GetThisMorning);
        info["msgGetTotalYesterdayMorning"] = Text(totals.GetYesterdayMorning);
    }

    private void AddDelays(Dictionary<string, string> info)
    {
        for (int level = 1; level <= _levels; level++)
        {
            long end = core.Offsets.Max(TopicName.Schedule, level - 1);
            if (end > 0)
            {
                info[$"scheduleMessageOffset_{level}"] = $"{core.DelayOffsetOf(level)},{end}";
            }
        }

        // Timers are taken up as they are dispatched, and delivered as they are due: neither is ever behind by more than that.
        info["timerReadBehind"] = info["timerOffsetBehind"] = "0";
        info["timerCongestNum"] = Text(core.WaitingTimers);
        info["timerEnqueueTps"] = info["timerDequeueTps"] = "0.0";
    }

    private void AddQueues(Dictionary<string, string> info)
    {
        foreach (string pool in (ReadOnlySpan<string>)["send", "pull", "litePull", "query", "ack"])
        {
            info[pool + "ThreadPoolQueueSize"] = "0";
            info[pool + "ThreadPoolQueueCapacity"] = Text(core.Options.Remoting.MaxInFlightRequests);
            info[pool + "ThreadPoolQueueHeadWaitTimeMills"] = "0";
        }

        info["EndTransactionQueueSize"] = "0";
        info["EndTransactionThreadPoolQueueCapacity"] = Text(core.Options.Remoting.MaxInFlightRequests);
    }

    // The last 10 seconds, minute and 10 minutes.
    private string Rates(Statistic statistic)
    {
        long now = core.Statistics.Now;
        return string.Create(CultureInfo.InvariantCulture, $"{statistic.Rate(now, 10):F2} {statistic.Rate(now, 60):F2} {statistic.Rate(now, 600):F2}");
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
