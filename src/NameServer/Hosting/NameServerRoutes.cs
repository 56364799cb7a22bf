using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Handlers;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>The request codes a name server handles.</summary>
public static class NameServerRoutes
{
    /// <summary>One handler per code.</summary>
    public static RequestRoutes Create(
        RouteTable routes, ConfigTable config, LiveSettings settings, IOptions<NameServerOptions> options, TimeProvider time, ILogger logger)
    {
        bool ListsTopics() => settings.Values.EnableTopicList;
        return new RequestRoutes()
            .Add(RequestCode.PutKvConfig, new PutConfigHandler(config))
            .Add(RequestCode.GetKvConfig, new GetConfigHandler(config))
            .Add(RequestCode.DeleteKvConfig, new DeleteConfigHandler(config))
            .Add(RequestCode.GetKvListByNamespace, new ListConfigHandler(config))
            .Add(RequestCode.RegisterBroker, new RegisterBrokerHandler(routes, config, settings, options))
            .Add(RequestCode.UnregisterBroker, new UnregisterBrokerHandler(routes))
            .Add(RequestCode.BrokerHeartbeat, new BrokerHeartbeatHandler(routes))
            .Add(RequestCode.QueryDataVersion, new QueryDataVersionHandler(routes))
            .Add(RequestCode.GetBrokerMemberGroup, new BrokerMemberGroupHandler(routes))
            .Add(RequestCode.GetBrokerClusterInfo, new ClusterInfoHandler(routes))
            .Add(RequestCode.GetRouteInfoByTopic, new TopicRouteHandler(routes, config, settings, time))
            .Add(RequestCode.WipeWritePermOfBroker, new WipeWritePermissionHandler(routes, logger))
            .Add(RequestCode.AddWritePermOfBroker, new AddWritePermissionHandler(routes, logger))
            .Add(RequestCode.RegisterTopicInNameServer, new RegisterTopicHandler(routes))
            .Add(RequestCode.DeleteTopicInNameServer, new DeleteTopicHandler(routes))
            .Add(RequestCode.GetAllTopicListFromNameServer, new TopicListHandler(() => settings.Values.EnableAllTopicList, routes.GetTopics))
            .Add(RequestCode.GetTopicsByCluster, new TopicsByClusterHandler(routes, settings))
            .Add(RequestCode.GetSystemTopicListFromNs, new TopicListHandler(static () => true, routes.GetSystemTopics))
            .Add(RequestCode.GetUnitTopicList, new TopicListHandler(ListsTopics, routes.GetUnitTopics))
            .Add(RequestCode.GetHasUnitSubTopicList, new TopicListHandler(ListsTopics, routes.GetTopicsWithUnitSubscriptions))
            .Add(RequestCode.GetHasUnitSubUnunitTopicList, new TopicListHandler(ListsTopics, routes.GetTopicsWithUnitSubscriptionsOutsideUnits))
            .Add(RequestCode.UpdateNameServerConfig, new UpdateSettingsHandler(settings, logger))
            .Add(RequestCode.GetNameServerConfig, new GetSettingsHandler(settings));
    }
}
