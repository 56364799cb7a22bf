using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Name servers and brokers that say what the protocol does not allow, or nothing. Failures say what, where and what to do; the next truth works.</summary>
public sealed class LyingServers
{
    public static TheoryData<Lie, Type, string> Lies => new()
    {
        { Lie.WrongOpaque, typeof(RequestTimeoutException), "RequestTimeout" },
        { Lie.Stuck, typeof(RequestTimeoutException), "RequestTimeout" },
        { Lie.Silence, typeof(RequestTimeoutException), "RequestTimeout" },
        { Lie.NotAnAnswer, typeof(RequestTimeoutException), "RequestTimeout" },
        { Lie.Truncated, typeof(ClusterUnreachableException), "Check that it runs" },
        { Lie.HangUp, typeof(ClusterUnreachableException), "Check that it runs" },
        { Lie.Endless, typeof(ClusterUnreachableException), "Check that it runs" },
        { Lie.LongHeader, typeof(ClusterUnreachableException), "Check that it runs" },
        { Lie.WrongBody, typeof(BadAnswerException), "Check that a RocketMQ" },
        { Lie.WrongCode, typeof(RequestRefusedException), "response code 4711" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lying_name_server_is_named_and_believed_again_when_it_tells_the_truth(Lie lie, Type expected, string says)
    {
        await using var server = new LyingServer();
        server.About(RequestCode.GetRouteInfoByTopic, lie);
        await using Producer producer = New(server.Address);
        await producer.StartAsync();

        ProtoBridgeMqException failure = await FailsAsync(producer, expected, server.Address, says);
        Assert.StartsWith("Asking for the route of topic t", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.MayHaveHappened, "a question stores nothing");
        await RecoversAsync(producer, server, lie);
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lying_broker_is_named_and_believed_again_when_it_tells_the_truth(Lie lie, Type expected, string says)
    {
        await using var server = new LyingServer();
        server.About(RequestCode.SendMessageV2, lie);
        await using Producer producer = New(server.Address);
        await producer.StartAsync();

        // After half an answer, that to a heartbeat may end the connection before the time is over.
        ProtoBridgeMqException failure = lie == Lie.Stuck
            ? await Assert.ThrowsAnyAsync<ProtoBridgeMqException>(() => producer.SendAsync(new Message("t", default)).Within("send ended"))
            : await FailsAsync(producer, expected, server.Address, says);
        Assert.StartsWith("Sending to ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(lie != Lie.WrongCode, failure.MayHaveHappened);
        await RecoversAsync(producer, server, lie);
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Another_name_server_that_tells_the_truth_is_enough(Lie lie, Type expected, string says)
    {
        await using var liar = new LyingServer();
        liar.About(RequestCode.GetRouteInfoByTopic, lie);
        await using var honest = new LyingServer();
        await using Producer producer = New($"{liar.Address};{honest.Address}");
        await producer.StartAsync();
        Assert.True((await producer.SendAsync(new Message("t", default)).Within($"send completed in spite of {expected.Name}, {says}")).QueueOffset == 7);
    }

    [Fact]
    public async Task Nobody_at_an_address_is_said_with_the_address_and_nothing_happened()
    {
        string nowhere = $"127.0.0.1:{FreePorts.Next()}";
        await using Producer producer = New(nowhere);
        await producer.StartAsync();
        ProtoBridgeMqException failure = await FailsAsync(producer, typeof(ClusterUnreachableException), nowhere, "Check that it runs");
        Assert.False(failure.MayHaveHappened);
    }

    [Fact]
    public async Task Of_several_name_servers_that_fail_all_are_named()
    {
        await using var silent = new LyingServer();
        silent.About(RequestCode.GetRouteInfoByTopic, Lie.Silence);
        string all = $"127.0.0.1:{FreePorts.Next()};{silent.Address}";
        await using Producer producer = New(all);
        await producer.StartAsync();
        ProtoBridgeMqException failure = await FailsAsync(producer, typeof(ClusterUnreachableException), all, "none of the name servers");
        Assert.False(failure.MayHaveHappened);
    }

    [Fact]
    public async Task A_route_to_what_is_no_address_is_said()
    {
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1, ("a", "nowhere"))));
        await using Producer producer = New(names.Address);
        await producer.StartAsync();
        ProtoBridgeMqException failure = await FailsAsync(producer, typeof(ClusterUnreachableException), "nowhere", "'nowhere' is not an address");
        Assert.False(failure.MayHaveHappened);
    }

    [Fact]
    public async Task A_route_with_a_billion_queues_costs_little()
    {
        await using var broker = new ScriptedServer(Answers.Stores(), Answers.Heartbeats, Answers.Leaves);
        await using var names = new ScriptedServer(Answers.Routes(_ => Answers.Route(1_000_000_000, ("a", broker.Address))));
        await using Producer producer = New(names.Address);
        await producer.StartAsync();
        Assert.Equal(SendStatus.Ok, (await producer.SendAsync(new Message("t", default)).Within("send completed")).Status);
    }

    private static Producer New(string nameServers) => new(new ProducerOptions
    {
        Retries = 0,
        SendTimeout = TimeSpan.FromMilliseconds(700),
        Client = { NameServers = nameServers, RequestTimeout = TimeSpan.FromMilliseconds(700) },
    });

    private static async Task RecoversAsync(Producer producer, LyingServer server, Lie lie)
    {
        server.About(0, Lie.None);
        if (lie == Lie.Stuck)
        {
            // What comes next on that connection is the rest of the lie: it may cost one more request, and the connection.
            await Record.ExceptionAsync(() => producer.SendAsync(new Message("t", default)).Within("send ended"));
        }

        Assert.Equal(SendStatus.Ok, (await producer.SendAsync(new Message("t", default)).Within("send completed")).Status);
    }

    private static async Task<ProtoBridgeMqException> FailsAsync(Producer producer, Type expected, string where, string says)
    {
        var failure = await Assert.ThrowsAnyAsync<ProtoBridgeMqException>(() => producer.SendAsync(new Message("t", default)).Within("send ended"));
        Assert.IsType(expected, failure);
        Assert.Contains(where, failure.Message, StringComparison.Ordinal);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        return failure;
    }
}
