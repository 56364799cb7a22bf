using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>A client that we did not write, at a broker that takes next to nothing at a time.</summary>
public sealed class FlowControl
{
    [FactWhen(Needs.AliOns)]
    public async Task What_was_refused_for_a_time_goes_through_when_it_is_sent_again_and_comes_once()
    {
        const int Messages = 200;
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = """{ "broker": { "maxWaitingSends": 1 } }""" });
        using var rest = new Rest(gateway);
        await rest.PublishAsync("Busy", "tag=first", "first");
        await using ScriptedClient producer = ScriptedClient.Node("ons-produce.js", new
        {
            nameSrv = gateway.NameServer,
            group = "busy",
            atOnce = true,
            messages = Enumerable.Range(0, Messages).Select(i => new { topic = "Busy", body = $"m{i}" }).ToArray(),
        });

        JsonObject refused = await producer.EventAsync("refused");
        Assert.Contains("MaxWaitingSends", (string?)refused["text"], StringComparison.Ordinal);
        await producer.EventsAsync(Messages, "sent");

        List<string> bodies = [.. (await rest.TakeAsync("Busy", "readers", Messages + 1)).Select(message => (string)message["body"]!)];
        Assert.Equal(Messages + 1, bodies.Distinct().Count());
    }
}
