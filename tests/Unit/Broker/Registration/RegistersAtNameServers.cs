using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Registration;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Registration;

/// <summary>A broker and name servers over loopback sockets; the clock of the registration is the test's.</summary>
public sealed class RegistersAtNameServers : IAsyncLifetime
{
    private readonly List<ProxiedNameServer> _servers = [];
    private readonly ManualClock _clock = new();
    private readonly RemotingClient _client = NewClient();

    private BrokerBench? _bench;
    private NameServerRegistration? _registration;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_registration is not null)
        {
            await _registration.DisposeAsync();
        }

        await _client.DisposeAsync();
        foreach (ProxiedNameServer server in _servers)
        {
            await server.DisposeAsync();
        }

        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }
    }

    [Fact]
    public async Task Fifty_thousand_topics_are_told_once_and_then_only_what_changes()
    {
        const int Topics = 50_000;
        ProxiedNameServer server = await ServerAsync();
        await OpenAsync(static options => options.MaxTopics = 60_000, Topics);
        await UntilAsync(() => server.Routes.FindRoute($"topic-{Topics - 1}") is not null && server.Routes.GetTopics().Topics.Count > Topics, "all topics have a route");
        long whole = server.Bytes;

        // Ten minutes: heartbeats, and a question every 30 s.
        for (int beat = 0; beat < 60; beat++)
        {
            long before = server.Bytes;
            await AdvanceUntilAsync(() => server.Bytes > before, "the broker says that it lives");
        }

        long quiet = server.Bytes;
        _bench!.Core.Topics.Put(new BrokerTopic { Name = "one-more" });
        await AdvanceUntilAsync(() => server.Routes.FindRoute("one-more") is not null, "the new topic has a route");
        long change = server.Bytes;
        Assert.True(whole > 5_000_000, $"all topics took {whole} bytes");
        Assert.InRange(quiet - whole, 1, 60 * 1024);
        Assert.InRange(change - quiet, 1, 4096);
    }

    [Fact]
    public async Task A_thousand_new_topics_are_told_in_batches_and_each_of_them_once()
    {
        ProxiedNameServer server = await ServerAsync();
        await OpenAsync();
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered");
        long before = server.Bytes;
        for (int number = 0; number < 1000; number++)
        {
            _bench!.Core.Topics.Put(new BrokerTopic { Name = $"t{number}" });
        }

        await AdvanceUntilAsync(() => server.Routes.FindRoute("t999") is not null, "the last topic has a route");
        Assert.All(Enumerable.Range(0, 1000), number => Assert.NotNull(server.Routes.FindRoute($"t{number}")));
        Assert.InRange(server.Bytes - before, 1000 * 100, 1000 * 400);
        _bench!.Core.Topics.Put(new BrokerTopic { Name = "t7", Permissions = 4 });
        await AdvanceUntilAsync(() => server.Routes.FindRoute("t7")!.Queues[0].Permission == 4, "the changed permission is in the route");
    }

    [Fact]
    public async Task A_topic_that_was_made_by_request_has_its_route_when_the_answer_comes()
    {
        ProxiedNameServer server = await ServerAsync();
        ProxiedNameServer hanging = await ServerAsync();
        hanging.Hangs = true;
        await OpenAsync();
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered");
        BrokerClient client = _bench!.Connect();
        for (int number = 0; number < 5; number++)
        {
            Task<RemotingResponse> asked = client.AskAsync(RequestCode.UpdateAndCreateTopic, new CreateTopicRequestHeader
            {
                Topic = $"made{number}", DefaultTopic = "TBW102", ReadQueues = 4, WriteQueues = 4, Permission = 6, FilterType = "SINGLE_TAG",
            });
            await AdvanceUntilAsync(() => asked.IsCompleted, "the request is answered");
            using RemotingResponse answer = await asked;
            Assert.Equal(ResponseCode.Success, answer.Code);
            Assert.NotNull(server.Routes.FindRoute($"made{number}"));
        }
    }

    [Fact]
    public async Task A_name_server_that_hangs_does_not_hold_up_another_and_is_told_all_when_it_answers_again()
    {
        ProxiedNameServer hanging = await ServerAsync();
        ProxiedNameServer well = await ServerAsync();
        hanging.Hangs = true;
        await OpenAsync();
        await UntilAsync(() => well.Routes.FindRoute("TBW102") is not null, "the other one knows the broker");
        _bench!.Core.Topics.Put(new BrokerTopic { Name = "t" });
        await AdvanceUntilAsync(() => well.Routes.FindRoute("t") is not null, "the other one knows the topic");
        Assert.Null(hanging.Routes.FindRoute("t"));

        hanging.Hangs = false;
        hanging.CutOff();
        await AdvanceUntilAsync(() => hanging.Routes.FindRoute("t") is not null, "the one that hung knows the topic");
    }

    [Fact]
    public async Task A_broker_registers_again_at_once_when_its_connection_is_cut()
    {
        ProxiedNameServer server = await ServerAsync();
        await OpenAsync();
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered");
        server.CutOff();
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is null, "the broker is forgotten");
        await AdvanceUntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered again");
    }

    [Fact]
    public async Task A_name_server_that_forgot_the_broker_is_told_all_when_it_is_asked()
    {
        ProxiedNameServer server = await ServerAsync();
        await OpenAsync();
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered");
        server.Routes.Unregister("DefaultCluster", "127.0.0.1:10911", "broker-a");
        await AdvanceUntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Parts_and_compressed_parts_make_the_whole(bool compressed)
    {
        ProxiedNameServer server = await ServerAsync();
        await OpenAsync(
            options =>
            {
                options.SplitRegistrationSize = 7;
                options.CompressedRegister = compressed;
            },
            100);
        await UntilAsync(() => server.Routes.GetTopics().Topics.Count == _bench!.Core.Topics.Count, "all topics have a route");
        // A permission that changed while the name server was away is in a part of its own version.
        _bench!.Core.Options.Permission = 4;
        _bench.Core.Tables.Topics.TellAgain();
        await AdvanceUntilAsync(
            () => _bench.Core.Topics.All().All(topic => server.Routes.FindRoute(topic.Name)!.Queues[0].Permission == (topic.Permissions & 4)),
            "the broker's own permission is in all routes");
    }

    [Fact]
    public async Task Topics_one_by_one_and_removed_ones_reach_a_name_server_that_deletes_what_is_not_named()
    {
        ProxiedNameServer server = await ServerAsync(static options => options.DeleteTopicWithBrokerRegistration = true);
        await OpenAsync(static options => options.SingleTopicRegister = true);
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered");
        _bench!.Core.Topics.Put(new BrokerTopic { Name = "t" });
        await AdvanceUntilAsync(() => server.Routes.FindRoute("t") is not null, "the new topic has a route");
        Assert.NotNull(server.Routes.FindRoute("TBW102"));
        _bench.Core.Topics.Remove("t");
        await AdvanceUntilAsync(() => server.Routes.FindRoute("t") is null, "the removed topic has no route");
        Assert.NotNull(server.Routes.FindRoute("TBW102"));
    }

    [Fact]
    public async Task What_the_broker_says_of_itself_is_known_and_it_leaves_when_it_stops()
    {
        ProxiedNameServer server = await ServerAsync();
        await OpenAsync(static options =>
        {
            options.Zone = "z1";
            options.ActingMaster = true;
            options.BrokerId = 3;
        });
        await UntilAsync(() => server.Routes.FindRoute("TBW102") is not null, "the broker is registered");
        var broker = Assert.Single(server.Routes.GetClusterInfo().Brokers).Value;
        Assert.Equal(("z1", true, 3L), (broker.ZoneName, broker.EnableActingMaster, Assert.Single(broker.Addresses).Key));
        await _registration!.DisposeAsync();
        Assert.Empty(server.Routes.GetClusterInfo().Brokers);
    }

    [Fact]
    public async Task A_broker_learns_from_a_name_server_which_queues_another_has()
    {
        await ServerAsync();
        await OpenAsync();
        await using BrokerBench other = BrokerBench.Open(options =>
        {
            (options.Name, options.Port) = ("broker-b", 10912);
            options.NameServers = _bench!.Core.Options.NameServers;
        });
        await using var registration = new NameServerRegistration(other.Core, _client, _clock, NullLogger<NameServerRegistration>.Instance);
        registration.Start();
        other.Core.Topics.Put(new BrokerTopic { Name = "theirs", ReadQueues = 3 });
        await AdvanceUntilAsync(() => _servers[0].Routes.FindRoute("theirs") is not null, "the other's topic has a route");
        await UntilAsync(() => _servers[0].Routes.FindRoute("TBW102") is { Brokers.Count: 2 }, "both brokers are registered");
        ProtoBridgeMQ.Remoting.Bodies.QueueData queue = Assert.Single(await _bench!.Core.Routes.OthersAsync("theirs"));
        Assert.Equal(("broker-b", 3), (queue.BrokerName, queue.ReadQueues));
        Assert.Empty(await other.Core.Routes.OthersAsync("theirs"));
        Assert.Empty(await _bench.Core.Routes.OthersAsync("nobody's"));
    }

    private static RemotingClient NewClient() => new(
        new RemotingClientOptions { MinBackOff = TimeSpan.Zero, MaxBackOff = TimeSpan.Zero }, TimeProvider.System, NullLogger.Instance);

    private NameServerRegistration NewRegistration() => new(_bench!.Core, _client, _clock, NullLogger<NameServerRegistration>.Instance);

    private async Task<ProxiedNameServer> ServerAsync(Action<ProtoBridgeMQ.NameServer.NameServerOptions>? configure = null)
    {
        ProxiedNameServer server = await ProxiedNameServer.StartAsync(configure);
        _servers.Add(server);
        return server;
    }

    private async Task OpenAsync(Action<BrokerOptions>? configure = null, int topics = 0)
    {
        string servers = string.Join(';', _servers.Select(static server => server.Address));
        _bench = BrokerBench.Open(options =>
        {
            options.NameServers = servers;
            options.RegisterTimeout = TimeSpan.FromSeconds(30);
            configure?.Invoke(options);
        });
        if (topics > 0)
        {
            await _bench.RestartAfterAsync(() => WriteTopics(topics));
        }

        _registration = NewRegistration();
        _registration.Start();
    }

    private void WriteTopics(int count)
    {
        var output = new ArrayBufferWriter<byte>();
        TopicFile.Write(output, new DataVersion(0, 1, 1), Enumerable.Range(0, count).Select(static number => new BrokerTopic { Name = $"topic-{number}" }));
        File.WriteAllBytes(_bench!["config/topics.json"], output.WrittenSpan.ToArray());
    }

    private static Task UntilAsync(Func<bool> condition, string what) => Eventually.True(condition, what);

    private Task AdvanceUntilAsync(Func<bool> condition, string what) => Eventually.True(
        () =>
        {
            if (condition())
            {
                return true;
            }

            _clock.Advance(TimeSpan.FromMilliseconds(500));
            return condition();
        },
        what);
}
