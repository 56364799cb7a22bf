using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Several name servers, not all of which know or tell the truth.</summary>
public sealed class NameServerTests
{
    [Fact]
    public async Task What_a_name_server_that_has_just_started_does_not_know_the_next_one_is_asked()
    {
        await using var broker = new ScriptedServer(Answers.Heartbeats, Answers.Leaves, Answers.Stores());
        await using var fresh = new ScriptedServer(Answers.Routes(_ => null));
        await using var knowing = new ScriptedServer(Answers.Routes(topic => topic == "t" ? Answers.Route(1, ("a", broker.Address)) : null));
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = $"{fresh.Address};{knowing.Address}" });
        var admin = new AdminClient(connection);
        TopicRoute? route = await admin.FindRouteAsync("t").Within("route found");
        Assert.Equal("a", Assert.Single(route!.Brokers).Name);
        Assert.Null(await admin.FindRouteAsync("unknown").Within("no route found"));
    }

    [Fact]
    public async Task A_topic_that_one_name_server_does_not_know_does_not_exist_though_the_others_are_away()
    {
        await using var fresh = new ScriptedServer(Answers.Routes(_ => null));
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = $"127.0.0.1:1;{fresh.Address};127.0.0.1:2" });
        Assert.Null(await new AdminClient(connection).FindRouteAsync("t").Within("no route found"));
    }
}
