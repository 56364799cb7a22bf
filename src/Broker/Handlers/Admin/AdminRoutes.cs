using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>The routes of what operators' tools ask.</summary>
internal static class AdminRoutes
{
    /// <summary>Adds them.</summary>
    public static RequestRoutes Add(RequestRoutes routes, BrokerCore core, TimeProvider time)
    {
        AddTables(routes, core);
        AddOffsets(routes, core, time);
        AddClients(routes, core);
        return AddRefusals(routes);
    }

    private static void AddTables(RequestRoutes routes, BrokerCore core)
    {
        var retain = new RetainHandler(core);
        routes
            .Add(RequestCode.UpdateAndCreateTopicList, new TopicListHandler(core))
            .Add(RequestCode.DeleteTopicInBroker, new DeleteTopicHandler(core))
            .Add(RequestCode.GetTopicStatsInfo, new TopicStatsHandler(core))
            .Add(RequestCode.GetSystemTopicListFromBroker, new SystemTopicsHandler(core))
            .Add(RequestCode.CleanUnusedTopic, new CleanUnusedTopicHandler(core))
            .Add(RequestCode.UpdateAndCreateSubscriptionGroupList, new GroupListHandler(core))
            .Add(RequestCode.GetSubscriptionGroupConfig, new GroupConfigHandler(core))
            .Add(RequestCode.DeleteSubscriptionGroup, new DeleteGroupHandler(core))
            .Add(RequestCode.GetBrokerConfig, new BrokerConfigHandler(core))
            .Add(RequestCode.UpdateBrokerConfig, new UpdateBrokerConfigHandler(core))
            .Add(RequestCode.GetBrokerHaStatus, new HaStatusHandler(core))
            .Add(RequestCode.ResetMasterFlushOffset, new ResetMasterFlushOffsetHandler())
            .Add(RequestCode.CleanExpiredConsumeQueue, retain)
            .Add(RequestCode.DeleteExpiredCommitLog, retain);
    }

    private static void AddOffsets(RequestRoutes routes, BrokerCore core, TimeProvider time) => routes
        .Add(RequestCode.GetBrokerRuntimeInfo, new RuntimeInfoHandler(core, time))
        .Add(RequestCode.GetAllConsumerOffset, new AllConsumerOffsetsHandler(core))
        .Add(RequestCode.GetAllDelayOffset, new AllDelayOffsetsHandler(core))
        .Add(RequestCode.GetAllMessageRequestMode, new AllRequestModesHandler(core))
        .Add(RequestCode.PopRollback, new PopRollbackHandler())
        .Add(RequestCode.GetTimerCheckPoint, new TimerCheckpointHandler(core))
        .Add(RequestCode.GetTimerMetrics, new TimerMetricsHandler(core))
        .Add(RequestCode.GetConsumeStats, new ConsumeStatsHandler(core))
        .Add(RequestCode.GetBrokerConsumeStats, new BrokerConsumeStatsHandler(core))
        .Add(RequestCode.QueryConsumeTimeSpan, new ConsumeTimeSpanHandler(core, time))
        .Add(RequestCode.QueryCorrectionOffset, new CorrectionOffsetHandler(core))
        .Add(RequestCode.CloneGroupOffset, new CloneOffsetHandler(core))
        .Add(RequestCode.InvokeBrokerToResetOffset, new ResetOffsetHandler(core))
        .Add(RequestCode.ViewBrokerStatsData, new StatsDataHandler(core))
        .Add(RequestCode.QueryConsumeQueue, new ConsumeQueueHandler(core));

    private static void AddClients(RequestRoutes routes, BrokerCore core) => routes
        .Add(RequestCode.GetConsumerConnectionList, new ConsumerConnectionsHandler(core))
        .Add(RequestCode.GetProducerConnectionList, new ProducerConnectionsHandler(core))
        .Add(RequestCode.GetAllProducerInfo, new AllProducersHandler(core))
        .Add(RequestCode.QueryTopicConsumeByWho, new TopicConsumersHandler(core))
        .Add(RequestCode.QueryTopicsByConsumer, new ConsumerTopicsHandler(core))
        .Add(RequestCode.QuerySubscriptionByConsumer, new ConsumerSubscriptionHandler(core))
        .Add(RequestCode.GetConsumerRunningInfo, new RunningInfoHandler(core))
        .Add(RequestCode.ConsumeMessageDirectly, new ConsumeDirectlyHandler(core))
        .Add(RequestCode.InvokeBrokerToGetConsumerStatus, new ConsumerStatusHandler(core));

    private static RequestRoutes AddRefusals(RequestRoutes routes)
    {
        var cold = new UnsupportedHandler("control of the flow of cold data is");
        var access = new UnsupportedHandler("users and permissions are");
        var replicas = new UnsupportedHandler("replicas are");
        foreach (int code in (ReadOnlySpan<int>)[RequestCode.UpdateColdDataFlowCtrConfig, RequestCode.RemoveColdDataFlowCtrConfig, RequestCode.GetColdDataFlowCtrInfo])
        {
            routes.Add(code, cold);
        }

        for (int code = RequestCode.AuthCreateUser; code <= RequestCode.AuthListAcl; code++)
        {
            routes.Add(code, access);
        }

        for (int code = RequestCode.UpdateAndCreateAclConfig; code <= RequestCode.GetBrokerClusterAclConfig; code++)
        {
            routes.Add(code, access);
        }

        return routes
            .Add(RequestCode.NotifyMinBrokerIdChange, replicas)
            .Add(RequestCode.ExchangeBrokerHaInfo, replicas)
            .Add(RequestCode.NotifyBrokerRoleChanged, replicas)
            .Add(RequestCode.GetBrokerEpochCache, new UnsupportedHandler("this request only for controllerMode: a controller is", ResponseCode.SystemError))
            .Add(RequestCode.SetCommitLogReadMode, new UnsupportedHandler("the log is mapped into memory: setting its reading ahead is"))
            .Add(RequestCode.UpdateAndGetGroupForbidden, new UnsupportedHandler("forbidding single topics to a group is"))
            .Add(RequestCode.CheckRocksDbCqWriteProgress, new UnsupportedHandler("queues are files: queues in RocksDB are"))
            .Add(RequestCode.ExportRocksDbConfigToJson, new UnsupportedHandler("tables are JSON files already: tables in RocksDB are"))
            .Add(RequestCode.UpdateAndCreateStaticTopic, new UnsupportedHandler("static topics are"));
    }
}
