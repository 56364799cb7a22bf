using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Routes;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.NameServer;

/// <summary>The name server behind a socket, asked by our own client.</summary>
public sealed class NameServerEndpointTests : IAsyncLifetime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly RemotingClient _client = NewClient();
    private WebApplication _app = null!;
    private string _address = "";

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddNameServer();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseNameServer()));
        _app = builder.Build();
        await _app.StartAsync();
        var bound = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _address = $"127.0.0.1:{new Uri(bound).Port}";
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_registered_topic_has_a_route_until_the_brokers_connection_closes(bool compressed)
    {
        var broker = NewClient();
        using (var registered = await RegisterAsync(broker, compressed))
            Assert.Equal(ResponseCode.Success, registered.Code);
        using (var answer = await AskAsync(RequestCode.GetRouteInfoByTopic, new GetRouteInfoRequestHeader { Topic = "t" }))
        {
            var route = LenientJson.Read(answer.EnsureSuccess().Body.Span, RemotingJson.Bodies.TopicRouteData);
            Assert.Equal("127.0.0.1:10911", Assert.Single(route.Brokers).Addresses[0]);
            Assert.Equal(4, Assert.Single(route.Queues).ReadQueues);
        }
        await broker.DisposeAsync();
        await GoneAsync("t");
        using var unknown = await AskAsync(RequestCode.GetRouteInfoByTopic, new GetRouteInfoRequestHeader { Topic = "t" });
        Assert.Equal(ResponseCode.TopicNotExist, unknown.Code);
        Assert.StartsWith("No topic route info in name server for the topic: t\nSee ", unknown.Remark, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registration_whose_body_was_damaged_is_refused()
    {
        using var answer = await RegisterAsync(_client, compressed: false, crcOffset: 1);
        Assert.Equal((ResponseCode.SystemError, "crc32 not match"), (answer.Code, answer.Remark));
    }

    [Fact]
    public async Task Values_are_stored_read_and_deleted()
    {
        (await AskAsync(RequestCode.PutKvConfig, new PutKvConfigRequestHeader { Namespace = "ORDER_TOPIC_CONFIG", Key = "t", Value = "a:4" })).EnsureSuccess().Dispose();
        using (var answer = await AskAsync(RequestCode.GetKvConfig, new GetKvConfigRequestHeader { Namespace = "ORDER_TOPIC_CONFIG", Key = "t" }))
            Assert.Equal("a:4", GetKvConfigResponseHeader.Read(answer.EnsureSuccess().Fields).Value);
        using (var registered = await RegisterAsync(_client, compressed: false))
            Assert.Equal("{\"table\":{\"t\":\"a:4\"}}"u8, registered.EnsureSuccess().Body.Span);
        (await AskAsync(RequestCode.DeleteKvConfig, new DeleteKvConfigRequestHeader { Namespace = "ORDER_TOPIC_CONFIG", Key = "t" })).EnsureSuccess().Dispose();
        using var gone = await AskAsync(RequestCode.GetKvConfig, new GetKvConfigRequestHeader { Namespace = "ORDER_TOPIC_CONFIG", Key = "t" });
        Assert.Equal(ResponseCode.QueryNotFound, gone.Code);
    }

    [Fact]
    public async Task A_broker_learns_whether_it_must_register_again()
    {
        (await RegisterAsync(_client, compressed: false)).EnsureSuccess().Dispose();
        Assert.False(await ChangedAsync(5));
        Assert.True(await ChangedAsync(6));
        (await AskAsync(RequestCode.BrokerHeartbeat, new BrokerHeartbeatRequestHeader { ClusterName = "c", BrokerAddress = "127.0.0.1:10911", BrokerName = "a" })).EnsureSuccess().Dispose();
        (await AskAsync(RequestCode.UnregisterBroker, new UnregisterBrokerRequestHeader { ClusterName = "c", BrokerAddress = "127.0.0.1:10911", BrokerName = "a", BrokerId = 0 })).EnsureSuccess().Dispose();
        using var topics = await AskAsync(RequestCode.GetAllTopicListFromNameServer, default(NoFields));
        Assert.Equal("{\"topicList\":[]}"u8, topics.EnsureSuccess().Body.Span);
    }

    private static RemotingClient NewClient() => new(new RemotingClientOptions(), TimeProvider.System, NullLogger.Instance);

    private async Task<bool> ChangedAsync(long counter)
    {
        var body = LenientJson.Write(new DataVersion { Counter = counter }, RemotingJson.Bodies.DataVersion);
        var header = new QueryDataVersionRequestHeader { BrokerName = "a", BrokerAddress = "127.0.0.1:10911", ClusterName = "c", BrokerId = 0 };
        using var answer = await _client.InvokeAsync(_address, RequestCode.QueryDataVersion, header, body, Timeout);
        return QueryDataVersionResponseHeader.Read(answer.EnsureSuccess().Fields).Changed;
    }

    private ValueTask<RemotingResponse> AskAsync<THeader>(int code, THeader header)
        where THeader : struct, IHeaderWriter => _client.InvokeAsync(_address, code, header, default, Timeout);

    private async Task<RemotingResponse> RegisterAsync(RemotingClient broker, bool compressed, int crcOffset = 0)
    {
        var registration = new RegisterBrokerBody { TopicConfig = NameServerKit.Topics(5, "t", "u") };
        var body = compressed
            ? CompressedRegistration.Write(registration)
            : LenientJson.Write(registration, RemotingJson.Bodies.RegisterBrokerBody);
        var header = new RegisterBrokerRequestHeader
        {
            BrokerName = "a",
            BrokerAddress = "127.0.0.1:10911",
            ClusterName = "c",
            HaServerAddress = "127.0.0.1:10912",
            BrokerId = 0,
            Compressed = compressed,
            BodyCrc32 = BodyCrc32.Compute(body) + crcOffset,
        };
        return await broker.InvokeAsync(_address, RequestCode.RegisterBroker, header, body, Timeout);
    }

    private async Task GoneAsync(string topic)
    {
        var routes = _app.Services.GetRequiredService<RouteTable>();
        using var patience = new CancellationTokenSource(Waiting.Patience);
        while (routes.FindRoute(topic) is not null)
        {
            Assert.False(patience.IsCancellationRequested, "the route did not go when the connection closed");
            await Task.Yield();
        }
    }
}
