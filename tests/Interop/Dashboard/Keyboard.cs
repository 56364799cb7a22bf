using Microsoft.Playwright;
using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>Without a mouse.</summary>
[Collection(nameof(DashboardTests))]
public sealed class Keyboard(FilledGateway gateway)
{
    private const string Focused = """
        () => {
            const at = document.activeElement;
            const outline = getComputedStyle(at).outlineStyle;
            return `${at.tagName} ${at.getAttribute("aria-label") ?? at.textContent.trim()} ${outline === "none" ? "unseen" : "seen"}`;
        }
        """;

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task Tab_goes_from_the_skip_link_through_the_menu_to_the_page_and_shows_where_it_is()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        List<string> walk = [];
        for (int i = 0; i < 60; i++)
        {
            await tab.Page.Keyboard.PressAsync("Tab");
            walk.Add(await tab.Page.EvaluateAsync<string>(Focused));
            if (walk[^1] == $"A {FilledGateway.Topic} seen")
            {
                break;
            }
        }

        Assert.Equal("A Skip to the content seen", walk[0]);
        int topics = walk.IndexOf("A Topics seen");
        Assert.InRange(topics, 2, 8);
        Assert.True(walk.IndexOf("BUTTON Create topic seen") > topics, string.Join('\n', walk));
        Assert.True(walk.IndexOf($"A {FilledGateway.Topic} seen") > topics, string.Join('\n', walk));
        Assert.DoesNotContain(walk, stop => stop.EndsWith("unseen", StringComparison.Ordinal));
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task The_skip_link_leads_into_the_page_and_a_new_page_takes_the_focus_to_its_title()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("main", await tab.Page.EvaluateAsync<string>("() => document.activeElement.id"));

        await tab.Link("Groups").FocusAsync();
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ShownAsync("groups");

        Assert.Equal("H1 Groups", await tab.Page.EvaluateAsync<string>("() => `${document.activeElement.tagName} ${document.activeElement.textContent}`"));
        Assert.StartsWith("Groups", await tab.Page.TitleAsync(), StringComparison.Ordinal);
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_dialog_keeps_the_focus_ends_with_Escape_and_gives_the_focus_back()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        await tab.Button("Create topic").FocusAsync();
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Dialog.WaitForAsync();
        Assert.Empty(await tab.InaccessibleAsync());
        await tab.KeepAsync("dialog");
        for (int i = 0; i < 8; i++)
        {
            await tab.Page.Keyboard.PressAsync("Tab");
            Assert.True(await tab.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null"));
        }

        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.Dialog.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        Assert.Equal("Create topic", await tab.Page.EvaluateAsync<string>("() => document.activeElement.textContent"));
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task On_a_phone_the_menu_opens_and_closes_and_says_so()
    {
        await using Tab tab = await gateway.OpenAsync(new TabSettings { Width = TabSettings.PhoneWidth });
        await tab.GoAsync("topics");
        ILocator menu = tab.Button("Menu");
        Assert.Equal("false", await menu.GetAttributeAsync("aria-expanded"));
        await menu.FocusAsync();
        await tab.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("true", await menu.GetAttributeAsync("aria-expanded"));
        await tab.KeepAsync("menu-390");
        Assert.Empty(await tab.InaccessibleAsync());

        await tab.Link("Groups").ClickAsync();
        await tab.ShownAsync("groups");
        Assert.Equal("false", await menu.GetAttributeAsync("aria-expanded"));
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task The_theme_goes_from_the_systems_to_light_to_dark_and_stays()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        const string ground = "() => getComputedStyle(document.body).backgroundColor";
        string light = await tab.Page.EvaluateAsync<string>(ground);
        await tab.Button("Theme: as the system").ClickAsync();
        await tab.Button("Theme: light").ClickAsync();
        await tab.Button("Theme: dark").WaitForAsync();
        string dark = await tab.Page.EvaluateAsync<string>(ground);
        Assert.NotEqual(light, dark);

        await tab.Page.ReloadAsync();
        await tab.ShownAsync("topics");
        Assert.Equal(dark, await tab.Page.EvaluateAsync<string>(ground));
    }
}
