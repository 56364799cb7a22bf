using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

/// <summary>Whether a gateway says the truth about the store in it.</summary>
public sealed class ReadinessOfAStore
{
    [Fact]
    public async Task After_a_failed_write_it_is_alive_and_not_ready_and_says_why()
    {
        using var directory = new TempDirectory("read-only");
        var disk = new FailingDisk(PhysicalFileSystem.Instance);
        await using GatewayHost host = await GatewayHost.StartAsync(
            new GatewayOptions { MqttPort = GatewayOptions.Off, NamesrvPort = GatewayOptions.Off, BrokerPort = GatewayOptions.Off, HttpPort = GatewayOptions.Any, Data = directory.Path },
            new GatewaySetup { Log = NullLoggerProvider.Instance, Services = services => services.AddSingleton<IFileSystem>(disk) });
        using var client = new HttpClient { BaseAddress = host.Endpoints.HttpAddress };
        Assert.Equal(HttpStatusCode.OK, (await PublishAsync(client)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);

        disk.Fail();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PublishAsync(client)).StatusCode);

        using HttpResponseMessage ready = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        var problem = await HttpFrontHost.AssertProblemAsync(ready, HttpStatusCode.ServiceUnavailable, "not-ready");
        Assert.StartsWith("Messages can be received, not published: ", (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Contains("the disk failed", (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/healthz", UriKind.Relative))).StatusCode);
    }

    private static Task<HttpResponseMessage> PublishAsync(HttpClient client)
        => client.PostAsync(new Uri("/v1/topics/t/messages", UriKind.Relative), new ByteArrayContent("x"u8.ToArray()));
}
