using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>A browser page publishes and watches, by MQTT over WebSocket and by HTTP.</summary>
[Collection(nameof(DashboardTests))]
public sealed class TryItPanel(FilledGateway gateway)
{
    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_message_published_by_HTTP_comes_to_the_page_by_MQTT_over_WebSocket()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("try");
        await tab.Field("Filter").FillAsync("trial/#");
        await tab.Button("Start").ClickAsync();
        await tab.SaysAsync("Subscribed to trial/#, QoS 1.");

        await tab.Field("Topic").FillAsync("trial");
        await tab.Field("Tag").FillAsync("by/http");
        await tab.Field("Body").FillAsync("Grüße 🌍");
        await tab.Field("Properties").FillAsync("unit=C; room=kitchen");
        await tab.Button("Publish").ClickAsync();

        await tab.SaysAsync("trial/by/http");
        await tab.SaysAsync("Grüße 🌍");
        await tab.SaysAsync("room=kitchen");
        await tab.SaysAsync("Stored");
        await tab.KeepAsync("try-http-to-mqtt");
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_message_published_by_MQTT_over_WebSocket_comes_to_a_client_over_TCP_and_to_the_event_stream()
    {
        await using MosquittoSubscription other = await Mosquitto.SubscribeAsync(gateway.Process, "reply/#", "-V", "5", "-q", "1");
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("try?topic=reply");
        await tab.Page.GetByLabel("HTTP events").CheckAsync();
        await tab.Button("Start").ClickAsync();
        await tab.SaysAsync("Watching reply.");

        await tab.Page.GetByLabel("MQTT over WebSocket").First.CheckAsync();
        await tab.Field("Topic name").FillAsync("reply/by/browser");
        await tab.Field("Body").FillAsync("from a page");
        await tab.Button("Publish").ClickAsync();

        await tab.SaysAsync("Acknowledged");
        Assert.Equal("reply/by/browser", (await other.MessageAsync("from a page")).Topic);
        await tab.SaysAsync("reply · by/browser");
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_refusal_of_the_broker_is_told_in_words()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("try");
        await tab.Field("Filter").FillAsync("a/#/b");
        await tab.Button("Start").ClickAsync();

        await tab.SaysAsync("The gateway");
        await tab.Field("Topic").FillAsync("not a topic");
        await tab.Button("Publish").ClickAsync();
        await tab.Main.Locator(".feed .bad-text").WaitForAsync();
        tab.AssertQuiet("400");
    }
}
