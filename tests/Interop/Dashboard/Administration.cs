using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>What an operator does, with the mouse.</summary>
[Collection(nameof(DashboardTests))]
public sealed class Administration(FilledGateway gateway)
{
    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_topic_is_created_and_deleted_and_the_name_has_to_be_typed()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        await tab.Button("Create topic").ClickAsync();
        await tab.Field("Name").FillAsync("short-lived");
        await tab.Field("Queues").FillAsync("3");
        await tab.Button("Create").ClickAsync();
        await tab.Link("short-lived").ClickAsync();
        await tab.ShownAsync("topics/short-lived");

        await tab.Button("Delete").ClickAsync();
        await tab.Page.GetByLabel("Type the topic's name").FillAsync("something else");
        await tab.Button("Delete the topic").ClickAsync();
        await tab.Dialog.GetByText("That is not short-lived.").WaitForAsync();
        await tab.Page.GetByLabel("Type the topic's name").FillAsync("short-lived");
        await tab.Button("Delete the topic").ClickAsync();

        await tab.ShownAsync("topics");
        await tab.Link("short-lived").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_topic_name_that_is_not_possible_is_told_in_the_dialog()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        await tab.Button("Create topic").ClickAsync();
        await tab.Field("Name").FillAsync("not a topic");
        await tab.Button("Create").ClickAsync();

        await tab.Dialog.GetByRole(AriaRole.Alert).WaitForAsync();
        tab.AssertQuiet("400");
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_reset_is_looked_at_first_and_then_done()
    {
        // A group that the gateway reads is not reset: it leaves when nobody asked for a while.
        using var rest = new Rest(gateway.Process);
        await Eventually.TrueAsync(
            async () => (await rest.Client.GetFromJsonAsync<JsonObject>(new Uri($"v1/groups/{FilledGateway.Group}/members", UriKind.Relative)))!["items"]!.AsArray().Count == 0,
            "the gateway left the group",
            TimeSpan.FromSeconds(90));
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("groups/" + FilledGateway.Group);
        await tab.Button("Reset progress").ClickAsync();
        await tab.Field("Topic").FillAsync(FilledGateway.Topic);
        await tab.Page.GetByLabel("the oldest message kept").CheckAsync();
        await tab.Button("Go").ClickAsync();
        await tab.Dialog.GetByText("It would do this:").WaitForAsync();
        await tab.KeepAsync("reset-dry-run");

        await tab.Page.GetByLabel("Only look (dry run)").UncheckAsync();
        await tab.Button("Go").ClickAsync();

        await tab.Page.GetByText($"{FilledGateway.Group} goes on from there.").WaitForAsync();
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_name_is_tried_against_the_mapping()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("mapping");
        await tab.Field("MQTT topic name").FillAsync("site1/dev7/telemetry");
        await tab.Button("Try").ClickAsync();

        await tab.SaysAsync("dev7/telemetry");
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task Dead_letters_are_selected_and_sent_again()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("dead-letters?group=" + FilledGateway.Group);
        await tab.Main.Locator("tbody input[type=checkbox]").First.CheckAsync();
        await tab.Button("Send 1 message again").ClickAsync();
        await tab.Button("Send again").ClickAsync();

        await tab.Page.GetByText("1 message sent again.").WaitForAsync();
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_client_is_shown_with_what_its_protocol_knows()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("clients?protocol=mqtt");
        await tab.Button("Details of " + FilledGateway.Session).ClickAsync();

        await tab.Dialog.GetByText("keepAlive").WaitForAsync();
        await tab.Dialog.GetByText("plant/#").WaitForAsync();
        Assert.Empty(await tab.InaccessibleAsync());
        tab.AssertQuiet();
    }
}
