using System.Net;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using ProtoBridgeMQ.Gateway.Composition;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class BannerAndDocument
{
    [Fact]
    public void The_banner_is_the_golden_one()
    {
        IPEndPoint At(int port) => new(IPAddress.Loopback, port);
        string embedded = Banner.Write(
            new GatewayEndpoints(At(1883), At(8080), At(9876), At(10911)),
            new GatewayOptions { Data = "/var/lib/protobridge" },
            "embedded",
            "fsync",
            "0.1.0",
            TimeSpan.FromMilliseconds(812));
        string cluster = Banner.Write(
            new GatewayEndpoints(null, new IPEndPoint(IPAddress.Any, 80), null, null),
            new GatewayOptions { Listen = "0.0.0.0", AllowAnonymous = true, Namesrv = "10.0.0.1:9876;10.0.0.2:9876" },
            "10.0.0.1:9876;10.0.0.2:9876",
            "as the cluster is configured",
            "0.1.0",
            TimeSpan.FromMilliseconds(400));

        Golden.AssertEqual("banner/embedded.txt", embedded);
        Golden.AssertEqual("banner/cluster.txt", cluster);
    }

    [Fact]
    public async Task The_openapi_document_is_the_golden_one_and_validates()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();

        string document = await host.Client.GetStringAsync(new Uri("/swagger/v1/swagger.json", UriKind.Relative));

        ReadResult read = OpenApiDocument.Parse(document, "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Golden.AssertEqual("openapi/v1.json", document.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Every_operation_of_the_document_is_there()
    {
        await using HttpFrontHost host = await HttpFrontHost.StartAsync();
        JsonObject paths = JsonNode.Parse(await host.Client.GetStringAsync(new Uri("/swagger/v1/swagger.json", UriKind.Relative)))!["paths"]!.AsObject();

        string[] messaging =
        [
            "/v1/replies/{replyTo}", "/v1/topics/{topic}/request", "/v1/topics/{topic}/socket", "/v1/topics/{topic}/transactions", "/v1/transactions",
            "/v1/transactions/{id}/commit", "/v1/transactions/{id}/rollback", "/v1/webhooks", "/v1/webhooks/{id}", "/v1/webhooks/{id}/test",
        ];
        Assert.Equal(
            messaging.Concat(
            [
                "/healthz", "/readyz", "/v1/clients", "/v1/clients/{protocol}/{id}", "/v1/configuration", "/v1/groups", "/v1/groups/{group}",
                "/v1/groups/{group}/dead-letters", "/v1/groups/{group}/dead-letters/resend", "/v1/groups/{group}/lag",
                "/v1/groups/{group}/members", "/v1/groups/{group}/offsets/reset", "/v1/live", "/v1/mapping", "/v1/mapping/try",
                "/v1/messages/{id}", "/v1/messages/{id}/trace", "/v1/overview", "/v1/receipts/ack", "/v1/receipts/dead-letter", "/v1/receipts/extend", "/v1/receipts/nack",
                "/v1/refusals", "/v1/retained", "/v1/sessions", "/v1/sessions/{clientId}", "/v1/topics",
                "/v1/topics/{topic}", "/v1/topics/{topic}/groups", "/v1/topics/{topic}/groups/{group}/receive", "/v1/topics/{topic}/messages",
                "/v1/topics/{topic}/queues", "/v1/topics/{topic}/stream", "/v1/topics/{topic}/timed/{handle}",
            ]).Order(StringComparer.Ordinal),
            paths.Select(path => path.Key).Order(StringComparer.Ordinal));
        foreach ((string path, JsonNode? operations) in paths)
        {
            foreach ((string method, JsonNode? operation) in operations!.AsObject())
                Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), $"{method} {path} has no summary");
        }
    }
}
