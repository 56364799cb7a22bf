using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using static ProtoBridgeMQ.Tests.Unit.NameServer.NameServerFrames;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

/// <summary>Requests that were recorded between real brokers, tools and Apache's name server get the answers that were recorded.</summary>
public sealed class AnswersAsRecorded : IAsyncLifetime
{
    private readonly NameServerBench _bench = NewBench();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory]
    [InlineData("533-json-broker-start-001-register_broker-req", "533-json-broker-start-002-register_broker-resp-0")]
    [InlineData("498-json-broker-start-001-register_broker-req", "498-json-broker-start-002-register_broker-resp-0")]
    public async Task To_a_broker_that_registers(string request, string answer) => await SameAsync(request, answer);

    [Theory]
    [InlineData("533-json-broker-start-005-get_broker_cluster_info-req", "533-json-broker-start-006-get_broker_cluster_info-resp-0")]
    [InlineData("533-rocketmq-broker-start-005-get_broker_cluster_info-req", "533-rocketmq-broker-start-006-get_broker_cluster_info-resp-0")]
    public async Task About_the_cluster(string request, string answer)
    {
        await _bench.AskAsync(Recorded("533-json-broker-start-001-register_broker-req"));
        await SameAsync(request, answer);
    }

    [Theory]
    [InlineData("533-json-route-005-get_routeinfo_by_topic-req", "533-json-route-006-get_routeinfo_by_topic-resp-0", 4)]
    [InlineData("533-rocketmq-route-001-get_routeinfo_by_topic-req", "533-rocketmq-route-002-get_routeinfo_by_topic-resp-0", 4)]
    public async Task About_a_route(string request, string answer, int queues)
    {
        await _bench.AskAsync(Recorded("533-json-broker-start-001-register_broker-req"));
        NameServerAnswer made = await _bench.AskAsync(
            RequestCode.RegisterTopicInNameServer, 479, LenientJson.Write(
                new TopicRouteData { Queues = [new QueueData { BrokerName = "broker-a", Permission = 6, ReadQueues = queues, WriteQueues = queues }] },
                RemotingJson.Bodies.TopicRouteData),
            ("topic", "T_basic"));
        Assert.Equal(ResponseCode.Success, made.Code);
        await SameAsync(request, answer);
    }

    [Fact]
    public async Task About_a_topic_that_nobody_has()
    {
        NameServerAnswer recorded = RecordedAnswer("533-json-route-008-get_routeinfo_by_topic-resp-17");
        string topic = recorded.Remark!.Split(": ")[1].Split('\n')[0];
        Assert.Equal(recorded, await _bench.AskAsync(RequestCode.GetRouteInfoByTopic, ("topic", topic)));
    }

    [Theory]
    [InlineData("498-json-admin-topic-", "023-put", "024-put", "026-get", "027-get", "028-delete", "029-delete", "498-json-admin-topic-025-register_broker-resp-0")]
    [InlineData("498-rocketmq-admin-topic-", "025-put", "026-put", "027-get", "028-get", "029-delete", "030-delete", null)]
    [InlineData("533-json-admin-topic-", "019-put", "020-put", "021-get", "022-get", "024-delete", "025-delete", "533-json-admin-topic-023-register_broker-resp-0")]
    [InlineData("533-rocketmq-admin-topic-", "019-put", "020-put", "021-get", "022-get", "023-delete", "024-delete", null)]
    public async Task About_stored_values(string prefix, string put, string wasPut, string get, string wasGet, string delete, string wasDeleted, string? registered)
    {
        await SameAsync(prefix + put + "_kv_config-req", prefix + wasPut + "_kv_config-resp-0");
        await SameAsync(prefix + get + "_kv_config-req", prefix + wasGet + "_kv_config-resp-0");
        if (registered is not null)
        {
            await SameAsync("533-json-broker-start-001-register_broker-req", registered);
        }

        await SameAsync(prefix + delete + "_kv_config-req", prefix + wasDeleted + "_kv_config-resp-0");
        // The namespace stays when its last value goes: what a broker was told that registered afterwards.
        await SameAsync("533-rocketmq-broker-start-001-register_broker-req", "533-rocketmq-broker-start-002-register_broker-resp-0");
    }

    [Theory]
    [InlineData("498-json-admin-", "129", "130", "131", "132")]
    [InlineData("498-rocketmq-admin-", "131", "132", "133", "134")]
    [InlineData("533-json-admin-", "137", "138", "139", "140")]
    [InlineData("533-rocketmq-admin-", "143", "144", "145", "146")]
    public async Task About_writing_to_a_broker(string prefix, string wipe, string wiped, string add, string added)
    {
        NameServerAnswer recorded = RecordedAnswer($"{prefix}{wiped}-wipe_write_perm_of_broker-resp-0");
        RegisterTopics(int.Parse(recorded.Fields.Split('=')[1], null));
        await SameAsync($"{prefix}{wipe}-wipe_write_perm_of_broker-req", $"{prefix}{wiped}-wipe_write_perm_of_broker-resp-0");
        Assert.Equal(4, Assert.Single(_bench.Routes.FindRoute("t0")!.Queues).Permission);
        await SameAsync($"{prefix}{add}-add_write_perm_of_broker-req", $"{prefix}{added}-add_write_perm_of_broker-resp-0");
        Assert.Equal(6, Assert.Single(_bench.Routes.FindRoute("t0")!.Queues).Permission);
    }

    [Theory]
    [InlineData("498-json-admin-147-delete_topic_in_namesrv-req", "498-json-admin-148-delete_topic_in_namesrv-resp-0")]
    [InlineData("533-json-admin-159-delete_topic_in_namesrv-req", "533-json-admin-160-delete_topic_in_namesrv-resp-0")]
    [InlineData("533-rocketmq-admin-165-delete_topic_in_namesrv-req", "533-rocketmq-admin-166-delete_topic_in_namesrv-resp-0")]
    public async Task About_a_topic_to_delete(string request, string answer)
    {
        _bench.Routes.Register(NameServerKit.Registered("broker-a", 0, "h:1", 1, "%RETRY%g_clone", "t") with { Cluster = "DefaultCluster" }, null);
        await SameAsync(request, answer);
        Assert.Null(_bench.Routes.FindRoute("%RETRY%g_clone"));
        Assert.NotNull(_bench.Routes.FindRoute("t"));
    }

    [Theory]
    [InlineData("498-json-broker-stop-003-unregister_broker-req", "498-json-broker-stop-004-unregister_broker-resp-0")]
    [InlineData("533-rocketmq-broker-stop-001-unregister_broker-req", "533-rocketmq-broker-stop-002-unregister_broker-resp-0")]
    public async Task To_a_broker_that_leaves(string request, string answer)
    {
        await _bench.AskAsync(Recorded("533-json-broker-start-001-register_broker-req"));
        Assert.NotNull(_bench.Routes.FindRoute("TBW102"));
        await SameAsync(request, answer);
        Assert.Null(_bench.Routes.FindRoute("TBW102"));
    }

    [Theory]
    [InlineData("498-json-admin-topic-035-update_namesrv_config-req", "498-json-admin-topic-036-update_namesrv_config-resp-0")]
    [InlineData("533-rocketmq-admin-topic-029-update_namesrv_config-req", "533-rocketmq-admin-topic-030-update_namesrv_config-resp-0")]
    public async Task About_a_setting_that_only_Apache_has(string request, string answer) => await SameAsync(request, answer);

    [Fact]
    public async Task The_settings_are_told_a_line_each()
    {
        NameServerAnswer answer = await _bench.AskAsync(Recorded("533-json-admin-topic-033-get_namesrv_config-req"));
        Assert.Equal(ResponseCode.Success, answer.Code);
        Assert.Contains("enableTopicList=true\n", answer.Body, StringComparison.Ordinal);
        Assert.Contains("waitSecondsForService=45\n", answer.Body, StringComparison.Ordinal);
    }

    private static NameServerBench NewBench() => new();

    private void RegisterTopics(int count)
    {
        BrokerRegistration registration = NameServerKit.Registered("broker-a", 0, "h:1", 1, [.. Enumerable.Range(0, count).Select(static number => $"t{number}")]);
        _bench.Routes.Register(registration, null);
    }

    private async Task SameAsync(string request, string answer) => Assert.Equal(RecordedAnswer(answer), await _bench.AskAsync(Recorded(request)));
}
