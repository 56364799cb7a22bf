using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Handlers;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Hosting;

/// <summary>The request codes a name server handles.</summary>
public static class NameServerRoutes
{
    /// <summary>One handler per code.</summary>
    public static RequestRoutes Create(RouteTable routes, ConfigTable config, IOptions<NameServerOptions> options) =>
        new RequestRoutes()
            .Add(RequestCode.PutKvConfig, new PutConfigHandler(config))
            .Add(RequestCode.GetKvConfig, new GetConfigHandler(config))
            .Add(RequestCode.DeleteKvConfig, new DeleteConfigHandler(config))
            .Add(RequestCode.RegisterBroker, new RegisterBrokerHandler(routes, config, options))
            .Add(RequestCode.UnregisterBroker, new UnregisterBrokerHandler(routes))
            .Add(RequestCode.GetRouteInfoByTopic, new TopicRouteHandler(routes))
            .Add(RequestCode.GetBrokerClusterInfo, new ClusterInfoHandler(routes))
            .Add(RequestCode.GetAllTopicListFromNameServer, new TopicListHandler(routes))
            .Add(RequestCode.QueryDataVersion, new QueryDataVersionHandler(routes))
            .Add(RequestCode.BrokerHeartbeat, new BrokerHeartbeatHandler(routes));
}
