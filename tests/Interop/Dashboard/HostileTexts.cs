using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>Texts of strangers are shown as they are, and never run.</summary>
[Collection(nameof(DashboardTests))]
public sealed class HostileTexts(FilledGateway gateway)
{
    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task Script_in_a_body_a_tag_a_key_and_a_property_is_text()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("messages/" + gateway.HostileId);

        foreach (string field in new[] { "body", "tag", "property" })
        {
            await tab.SaysAsync(FilledGateway.Text(field));
        }

        await tab.GoAsync("dead-letters?group=" + FilledGateway.Group);
        await tab.GoAsync("retained?filter=hostile/%23");
        await tab.SaysAsync(FilledGateway.Text("retained"));
        await AssertUnharmedAsync(tab);
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task Script_that_comes_live_is_text()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("try");
        await tab.Field("Filter").FillAsync("live/#");
        await tab.Button("Start").ClickAsync();
        await tab.SaysAsync("Subscribed to live/#");

        await Mosquitto.PublishAsync(gateway.Process, "live/<b onmouseover=alert(1)>x", FilledGateway.Text("live"), "-V", "5", "-q", "1", "-D", "PUBLISH", "user-property", "<i>name", FilledGateway.Text("user"));

        await tab.SaysAsync("live/<b onmouseover=alert(1)>x");
        await tab.SaysAsync(FilledGateway.Text("live"));
        await AssertUnharmedAsync(tab);
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task Script_in_an_address_is_text()
    {
        await using Tab tab = await gateway.OpenAsync();
        foreach (string page in new[] { "topics", "groups", "messages" })
        {
            await tab.GoAsync($"{page}/{Uri.EscapeDataString(FilledGateway.Text(page))}".Replace("'", "%27", StringComparison.Ordinal));
            await tab.SaysAsync(FilledGateway.Text(page));
        }

        await AssertUnharmedAsync(tab, "400", "404");
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task The_browser_refuses_markup_and_inline_script_even_where_somebody_would_try()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");

        string markup = await tab.Page.EvaluateAsync<string>("() => { try { document.body.innerHTML = '<p>x'; return 'parsed'; } catch (refused) { return refused.name; } }");
        string handler = await tab.Page.EvaluateAsync<string>("() => { try { document.body.setAttribute('onclick', 'window.harmed = 1'); return 'taken'; } catch (refused) { return refused.name; } }");
        string policy = (await tab.Page.Context.APIRequest.GetAsync(gateway.Process.Http.AbsoluteUri)).Headers["content-security-policy"];

        Assert.Equal("TypeError", markup);
        Assert.Equal("TypeError", handler);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    private static async Task AssertUnharmedAsync(Tab tab, params string[] expected)
    {
        Assert.Equal("undefined", await tab.Page.EvaluateAsync<string>("() => typeof window.harmed"));
        Assert.Equal(0, await tab.Page.Locator("main img, main script, dialog img, dialog script, main b, main i i").CountAsync());
        tab.AssertQuiet(expected);
    }
}
