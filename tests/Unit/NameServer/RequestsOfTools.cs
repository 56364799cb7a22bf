using System.Text;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;
using static ProtoBridgeMQ.Tests.Unit.NameServer.NameServerKit;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

public sealed class RequestsOfTools
{
    private const int Before494 = 400;

    [Fact]
    public async Task An_old_client_gets_numbers_as_keys_without_quotes_unless_it_wants_standard_JSON()
    {
        await using var bench = new NameServerBench();
        bench.Routes.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        NameServerAnswer old = await bench.AskAsync(RequestCode.GetRouteInfoByTopic, Before494, default, ("topic", "t"));
        NameServerAnswer standard = await bench.AskAsync(RequestCode.GetRouteInfoByTopic, Before494, default, ("topic", "t"), ("acceptStandardJsonOnly", "true"));
        Assert.Contains("{\"brokerAddrs\":{0:\"h:1\"}", old.Body, StringComparison.Ordinal);
        Assert.Contains("{\"brokerAddrs\":{\"0\":\"h:1\"}", standard.Body, StringComparison.Ordinal);
        Assert.Equal(standard.Body, (await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"))).Body);
    }

    [Fact]
    public async Task A_client_of_a_zone_gets_its_brokers_and_those_without_a_master()
    {
        await using var bench = new NameServerBench();
        bench.Routes.Register(Registered("near", 0, "h:1", 1, "t", "u") with { Zone = "Z1" }, null);
        bench.Routes.Register(Registered("far", 0, "h:2", 1, "t", "u") with { Zone = "z2" }, null);
        bench.Routes.Register(Registered("headless", 0, "h:3", 1, "t", "u") with { Zone = "z2" }, null);
        bench.Routes.Register(Registered("headless", 1, "h:4", 1, "t", "u") with { Zone = "z2" }, null);
        bench.Routes.Unregister("cluster", "h:3", "headless");

        NameServerAnswer filtered = await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"), ("__ZONE_MODE", "true"), ("__ZONE_NAME", "z1"));
        NameServerAnswer whole = await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"), ("__ZONE_NAME", "z1"));

        TopicRouteData route = LenientJson.Read(Encoding.UTF8.GetBytes(filtered.Body), RemotingJson.Bodies.TopicRouteData);
        Assert.Equal(["headless", "near"], route.Brokers.Select(static broker => broker.BrokerName));
        Assert.Equal(["headless", "near"], route.Queues.Select(static queue => queue.BrokerName));
        Assert.Contains("\"far\"", whole.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ordered_topics_have_their_configuration_in_the_route_when_that_is_switched_on()
    {
        await using var bench = new NameServerBench();
        bench.Routes.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        bench.Config.Put("ORDER_TOPIC_CONFIG", "t", "a:4");
        Assert.DoesNotContain("orderTopicConf", (await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"))).Body, StringComparison.Ordinal);
        bench.Settings.Update("orderMessageEnable=true");
        Assert.Contains("\"orderTopicConf\":\"a:4\"", (await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_are_refused_after_the_start_when_that_is_switched_on()
    {
        await using var bench = new NameServerBench(new NameServerOptions { NeedWaitForService = true, WaitSecondsForService = 45 });
        bench.Routes.Register(Registered("a", 0, "h:1", 1, "t", "u"), null);
        NameServerAnswer early = await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"));
        Assert.Equal((ResponseCode.SystemError, "name server not ready"), (early.Code, early.Remark));
        bench.Clock.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(ResponseCode.Success, (await bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", "t"))).Code);
    }

    [Fact]
    public async Task A_replica_is_told_as_master_to_clients_while_the_set_has_none()
    {
        await using var bench = new NameServerBench(new NameServerOptions { SupportActingMaster = true });
        bench.Routes.Register(Registered("a", 0, "h:1", 1, "t", "u") with { EnableActingMaster = true }, null);
        bench.Routes.Register(Registered("a", 2, "h:2", 1, "t", "u") with { EnableActingMaster = true }, null);
        bench.Routes.Register(Registered("a", 3, "h:3", 1, "t", "u") with { EnableActingMaster = true }, null);
        bench.Routes.Unregister("cluster", "h:1", "a");
        TopicRouteData route = bench.Routes.FindRoute("t")!;
        Assert.Equal([(0L, "h:2"), (3L, "h:3")], Assert.Single(route.Brokers).Addresses.Select(static pair => (pair.Key, pair.Value)));
        Assert.Equal(4, Assert.Single(route.Queues).Permission);
        NameServerAnswer members = await bench.AskAsync(RequestCode.GetBrokerMemberGroup, ("clusterName", "cluster"), ("brokerName", "a"));
        Assert.Equal("{\"brokerMemberGroup\":{\"brokerAddrs\":{2:\"h:2\",3:\"h:3\"},\"brokerName\":\"a\",\"cluster\":\"cluster\"}}", members.Body);
    }

    [Fact]
    public async Task Topics_are_listed_by_cluster_by_unit_and_for_the_system()
    {
        await using var bench = new NameServerBench();
        BrokerRegistration registration = Registered("a", 0, "h:1", 1, "plain", "unit", "sub", "both");
        Flag(registration, "unit", 1);
        Flag(registration, "sub", 2);
        Flag(registration, "both", 3);
        bench.Routes.Register(registration, null);
        bench.Routes.Register(Registered("b", 0, "h:2", 1, "other", "u") with { Cluster = "second" }, null);

        Assert.Equal("both,plain,sub,unit", await TopicsAsync(bench, RequestCode.GetTopicsByCluster, ("cluster", "cluster")));
        Assert.Equal("other,u", await TopicsAsync(bench, RequestCode.GetTopicsByCluster, ("cluster", "second")));
        Assert.Equal("", await TopicsAsync(bench, RequestCode.GetTopicsByCluster, ("cluster", "nobody's")));
        Assert.Equal("both,unit", await TopicsAsync(bench, RequestCode.GetUnitTopicList));
        Assert.Equal("both,sub", await TopicsAsync(bench, RequestCode.GetHasUnitSubTopicList));
        Assert.Equal("sub", await TopicsAsync(bench, RequestCode.GetHasUnitSubUnunitTopicList));
        Assert.Equal("a,b,cluster,second", await TopicsAsync(bench, RequestCode.GetSystemTopicListFromNs));
    }

    [Theory]
    [InlineData(RequestCode.GetAllTopicListFromNameServer, "enableAllTopicList=false")]
    [InlineData(RequestCode.GetTopicsByCluster, "enableTopicList=false")]
    [InlineData(RequestCode.GetUnitTopicList, "enableTopicList=false")]
    [InlineData(RequestCode.GetHasUnitSubTopicList, "enableTopicList=false")]
    [InlineData(RequestCode.GetHasUnitSubUnunitTopicList, "enableTopicList=false")]
    public async Task Lists_of_topics_can_be_switched_off(int code, string setting)
    {
        await using var bench = new NameServerBench();
        Assert.Equal(ResponseCode.Success, (await bench.AskAsync(RequestCode.UpdateNameServerConfig, 479, Encoding.UTF8.GetBytes(setting))).Code);
        NameServerAnswer answer = await bench.AskAsync(code, ("cluster", "cluster"));
        Assert.Equal((ResponseCode.SystemError, "disable"), (answer.Code, answer.Remark));
    }

    [Fact]
    public async Task All_values_of_a_namespace_are_told()
    {
        await using var bench = new NameServerBench();
        NameServerAnswer none = await bench.AskAsync(RequestCode.GetKvListByNamespace, ("namespace", "n"));
        Assert.Equal((ResponseCode.QueryNotFound, "No config item, Namespace: n"), (none.Code, none.Remark));
        bench.Config.Put("n", "k", "v");
        Assert.Equal("{\"table\":{\"k\":\"v\"}}", (await bench.AskAsync(RequestCode.GetKvListByNamespace, ("namespace", "n"))).Body);
    }

    [Fact]
    public async Task One_topic_of_a_broker_that_has_not_registered_is_refused()
    {
        await using var bench = new NameServerBench();
        byte[] one = LenientJson.Write(new RegisterBrokerBody { TopicConfig = Topics(1, "t") }, RemotingJson.Bodies.RegisterBrokerBody);
        NameServerAnswer answer = await bench.AskAsync(
            RequestCode.RegisterBroker, 479, one,
            ("brokerName", "a"), ("brokerAddr", "h:1"), ("clusterName", "c"), ("haServerAddr", "h:2"), ("brokerId", "0"));
        Assert.Equal((ResponseCode.SystemError, "register broker failed"), (answer.Code, answer.Remark));
        Assert.Empty(bench.Routes.GetClusterInfo().Brokers);
    }

    [Theory]
    [InlineData("configBlackList=x", ResponseCode.NoPermission, "Can not update config in black list.")]
    [InlineData("kvConfigPath=/tmp/x", ResponseCode.NoPermission, "Can not update config in black list.")]
    [InlineData("a=1\nrocketmqHome=/", ResponseCode.NoPermission, "Can not update config in black list.")]
    [InlineData("enableTopicList=maybe", ResponseCode.SystemError, "enableTopicList is true or false, not 'maybe'")]
    [InlineData("waitSecondsForService=-1", ResponseCode.SystemError, "waitSecondsForService is a number from 0 to 3600, not '-1'")]
    [InlineData("clusterTest=false\nlistenPort=1", ResponseCode.Success, null)]
    [InlineData("", ResponseCode.Success, null)]
    public async Task Settings_that_may_not_or_cannot_be_are_refused(string body, int code, string? remark)
    {
        await using var bench = new NameServerBench();
        string before = bench.Settings.Text();
        NameServerAnswer answer = await bench.AskAsync(RequestCode.UpdateNameServerConfig, 479, Encoding.UTF8.GetBytes(body));
        Assert.Equal((code, remark), (answer.Code, answer.Remark));
        Assert.Equal(before, bench.Settings.Text());
    }

    [Fact]
    public void Values_and_settings_survive_a_restart()
    {
        using var directory = new TempDirectory("namesrv");
        var options = new NameServerOptions { DataDirectory = directory.Path };
        Config(options).Put("ORDER_TOPIC_CONFIG", "t", "a:4");
        Config(options).Put("n", "k", "v");
        Config(options).Delete("n", "k");
        Settings(options).Update("supportActingMaster = true\n# comment\nwaitSecondsForService:7");

        Assert.Equal("{\"configTable\":{\"ORDER_TOPIC_CONFIG\":{\"t\":\"a:4\"},\"n\":{}}}", File.ReadAllText(directory["kvConfig.json"]));
        Assert.Equal("a:4", Config(options).Get("ORDER_TOPIC_CONFIG", "t"));
        Assert.Empty(Config(options).List("n")!.Table);
        Assert.True(Settings(options).Values.SupportActingMaster);
        Assert.Equal(7, Settings(options).Values.WaitSecondsForService);
    }

    [Theory]
    [InlineData("kvConfig.json", "{\"configTable\":")]
    [InlineData("namesrv.properties", "needWaitForService=perhaps")]
    public void A_file_that_cannot_be_read_stops_the_start(string file, string content)
    {
        using var directory = new TempDirectory("namesrv");
        File.WriteAllText(directory[file], content);
        var options = new NameServerOptions { DataDirectory = directory.Path };
        IOException error = Assert.Throws<IOException>(() =>
        {
            Settings(options);
            Config(options);
        });
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    private static void Flag(BrokerRegistration registration, string topic, int flags) =>
        registration.Topics.Topics[topic] = registration.Topics.Topics[topic] with { SystemFlag = flags };

    private static async Task<string> TopicsAsync(NameServerBench bench, int code, params (string Name, string Value)[] fields)
    {
        NameServerAnswer answer = await bench.AskAsync(code, fields);
        Assert.Equal(ResponseCode.Success, answer.Code);
        return string.Join(',', LenientJson.Read(Encoding.UTF8.GetBytes(answer.Body), RemotingJson.Bodies.TopicList).Topics.Order(StringComparer.Ordinal));
    }
}
