using ProtoBridgeMQ.NameServer.Configuration;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.NameServer.Handlers;

/// <summary>
/// Who has a topic (105). Clients before 4.9.4 that do not ask for standard JSON get numbers as keys without quotes, which
/// some of them cut apart by hand.
/// </summary>
internal sealed class TopicRouteHandler(RouteTable routes, ConfigTable config, LiveSettings settings, TimeProvider time) : IRequestHandler
{
    private const int StandardJsonVersion = 401;
    private const string HelpPage = "https://rocketmq.apache.org/docs/bestPractice/06FAQ";

    private readonly long _started = time.GetTimestamp();

    public ValueTask HandleAsync(RemotingRequest request)
    {
        var header = GetRouteInfoRequestHeader.Read(request.Fields);
        var now = settings.Values;
        if (now.NeedWaitForService && time.GetElapsedTime(_started) < TimeSpan.FromSeconds(now.WaitSecondsForService))
        {
            NameServerMetrics.NotReady.Add(1);
            request.Reply(ResponseCode.SystemError, "name server not ready");
            return default;
        }
        if (routes.FindRoute(header.Topic) is not { } route)
        {
            NameServerMetrics.UnknownTopics.Add(1);
            request.Reply(
                ResponseCode.TopicNotExist,
                $"No topic route info in name server for the topic: {header.Topic}\nSee {HelpPage} for further details.");
            return default;
        }
        if (now.OrderMessageEnable)
            route.OrderTopicConf = config.Get(ConfigTable.OrderedTopics, header.Topic);
        var isFiltered = header.ZoneMode == true && !string.IsNullOrWhiteSpace(header.ZoneName);
        if (isFiltered)
            ZoneFilter.Apply(header.ZoneName!, route);
        var isStandard = !isFiltered && (request.Version >= StandardJsonVersion || header.AcceptStandardJsonOnly == true);
        var json = isStandard ? RemotingJson.Bodies : RemotingJson.BareNumberKeys;
        request.Reply(ResponseCode.Success, default(NoFields), LenientJson.Write(route, json.TopicRouteData));
        return default;
    }
}
