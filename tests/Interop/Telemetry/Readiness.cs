using System.Net;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>Whether a gateway in front of a cluster says the truth about it, also when nobody publishes.</summary>
public sealed class Readiness
{
    [Fact]
    public async Task A_gateway_whose_name_server_is_lost_is_alive_and_not_ready_until_it_is_back()
    {
        await using GatewayProcess cluster = await GatewayProcess.StartAsync(new GatewaySettings { Ports = GatewayPorts.Free() });
        await using GatewayProcess front = await GatewayProcess.StartAsync(new GatewaySettings
        {
            NameServers = cluster.NameServer,
            Configuration = """{ "cluster": { "probeInterval": "00:00:00.200", "requestTimeout": "00:00:01" } }""",
        });
        using var client = new HttpClient { BaseAddress = front.Http };
        Assert.Equal(HttpStatusCode.OK, (await LookAsync(client, "readyz")).Status);

        await cluster.KillAsync();
        await front.LineAsync(line => line.Contains("The cluster cannot be published to: no name server answers", StringComparison.Ordinal), "that the name server is lost");
        (HttpStatusCode status, string body) = await LookAsync(client, "readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("no name server answers", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await LookAsync(client, "healthz")).Status);

        await cluster.StartAgainAsync();
        await front.LineAsync(line => line.Contains("The cluster can be published to again", StringComparison.Ordinal), "that the cluster is back");
        Assert.Equal(HttpStatusCode.OK, (await LookAsync(client, "readyz")).Status);
    }

    private static async Task<(HttpStatusCode Status, string Body)> LookAsync(HttpClient client, string path)
    {
        using HttpResponseMessage answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
