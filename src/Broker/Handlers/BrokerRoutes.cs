using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Handlers.Admin;
using ProtoBridgeMQ.Broker.Handlers.FilterQueues;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>Which handler serves which command of the broker.</summary>
public static class BrokerRoutes
{
    /// <summary>The routes of a broker.</summary>
    public static RequestRoutes Of(BrokerCore core, TimeProvider time, ILoggerFactory loggers)
    {
        var send = new SendHandler(core);
        var pull = new PullHandler(core, time, loggers.CreateLogger<PullHandler>());
        var locks = new QueueLockHandler(core);
        var replies = new ReplyHandler(core, time);
        var routes = new RequestRoutes();
        AdminRoutes.Add(routes, core, time);
        AddFilterQueues(routes, core, time);
        return routes
            .Add(RequestCode.SendMessage, send)
            .Add(RequestCode.SendMessageV2, send)
            .Add(RequestCode.SendBatchMessage, send)
            .Add(RequestCode.ConsumerSendMsgBack, new SendBackHandler(core))
            .Add(RequestCode.RecallMessage, new RecallHandler(core))
            .Add(RequestCode.PullMessage, pull)
            .Add(RequestCode.LitePullMessage, pull)
            .Add(RequestCode.QueryConsumerOffset, new QueryConsumerOffsetHandler(core))
            .Add(RequestCode.UpdateConsumerOffset, new UpdateConsumerOffsetHandler(core))
            .Add(RequestCode.SearchOffsetByTimestamp, new SearchOffsetHandler(core))
            .Add(RequestCode.GetMaxOffset, new MaxOffsetHandler(core))
            .Add(RequestCode.GetMinOffset, new MinOffsetHandler(core))
            .Add(RequestCode.GetEarliestMsgStoreTime, new EarliestStoreTimeHandler(core))
            .Add(RequestCode.QueryMessage, new QueryMessageHandler(core))
            .Add(RequestCode.ViewMessageById, new ViewMessageHandler(core))
            .Add(RequestCode.Heartbeat, new HeartbeatHandler(core))
            .Add(RequestCode.CheckClientConfig, new CheckClientConfigHandler(core))
            .Add(RequestCode.UnregisterClient, new UnregisterClientHandler(core))
            .Add(RequestCode.GetConsumerListByGroup, new ConsumerListHandler(core))
            .Add(RequestCode.LockBatchMq, locks)
            .Add(RequestCode.UnlockBatchMq, locks)
            .Add(RequestCode.UpdateAndCreateTopic, new CreateTopicHandler(core))
            .Add(RequestCode.GetTopicConfig, new TopicConfigHandler(core))
            .Add(RequestCode.GetAllTopicConfig, new AllTopicsHandler(core))
            .Add(RequestCode.UpdateAndCreateSubscriptionGroup, new UpdateGroupHandler(core))
            .Add(RequestCode.GetAllSubscriptionGroupConfig, new AllGroupsHandler(core))
            .Add(RequestCode.EndTransaction, new EndTransactionHandler(core))
            .Add(RequestCode.ResumeCheckHalfMessage, new ResumeHalfHandler(core))
            .Add(RequestCode.PopMessage, new PopHandler(core, time, loggers.CreateLogger<PopHandler>()))
            .Add(RequestCode.PeekMessage, new PeekHandler(core))
            .Add(RequestCode.AckMessage, new AckHandler(core))
            .Add(RequestCode.BatchAckMessage, new BatchAckHandler(core))
            .Add(RequestCode.ChangeMessageInvisibleTime, new ChangeInvisibleTimeHandler(core))
            .Add(RequestCode.Notification, new NotificationHandler(core, time, loggers.CreateLogger<NotificationHandler>()))
            .Add(RequestCode.PollingInfo, new PollingInfoHandler(core))
            .Add(RequestCode.QueryAssignment, new QueryAssignmentHandler(core))
            .Add(RequestCode.SetMessageRequestMode, new SetRequestModeHandler(core))
            .Add(RequestCode.SendReplyMessage, replies)
            .Add(RequestCode.SendReplyMessageV2, replies);
    }

    /// <summary>Who must be told of connections for the routes to work.</summary>
    public static IConnectionObserver Observer(BrokerCore core) => new ClientConnections(core);

    private static void AddFilterQueues(RequestRoutes routes, BrokerCore core, TimeProvider time)
    {
        if (!core.Options.RemoteSessions)
        {
            var elsewhere = new UnsupportedHandler(
                "MQTT sessions of other gateways (the gateway in this process keeps its own; started with --mqtt-port 0 it leaves them to others) are");
            foreach (int code in (int[])[RequestCode.EnsureFilterQueue, RequestCode.FindFilterQueue, RequestCode.DeleteFilterQueue, RequestCode.ListFilterQueues, RequestCode.ReadFilterQueue, RequestCode.WatchFilterQueues])
            {
                routes.Add(code, elsewhere);
            }

            return;
        }

        routes
            .Add(RequestCode.EnsureFilterQueue, new EnsureFilterQueueHandler(core))
            .Add(RequestCode.FindFilterQueue, new FindFilterQueueHandler(core))
            .Add(RequestCode.DeleteFilterQueue, new DeleteFilterQueueHandler(core))
            .Add(RequestCode.ListFilterQueues, new ListFilterQueuesHandler(core))
            .Add(RequestCode.ReadFilterQueue, new ReadFilterQueueHandler(core))
            .Add(RequestCode.WatchFilterQueues, new WatchFilterQueuesHandler(core, time));
    }
}
