using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>Each page with data in it: shown, quiet, and usable by everybody.</summary>
[Collection(nameof(DashboardTests))]
public sealed class DashboardPages(FilledGateway gateway)
{
    /// <summary>Every page, and a text that it shows of the data.</summary>
    private static readonly (string Route, string Shows)[] Known =
    [
        ("", "Messages in"),
        ("topics", FilledGateway.Topic),
        ("topics/" + FilledGateway.Topic, FilledGateway.Group),
        ("groups", FilledGateway.Group),
        ("groups/" + FilledGateway.Group, FilledGateway.Topic),
        ("messages", "By id"),
        ("dead-letters?group=" + FilledGateway.Group, FilledGateway.Topic),
        ("try", "Publish"),
        ("clients", FilledGateway.Session),
        ("sessions", FilledGateway.Session),
        ("retained", FilledGateway.Retained),
        ("mapping", "Try a name"),
        ("configuration", "access.usersFile"),
        ("refusals", "Refusals"),
    ];

    /// <summary>Every page's address.</summary>
    public static IEnumerable<string> Routes => Known.Select(page => page.Route);

    /// <summary>Every page, in both themes and on a phone.</summary>
    public static TheoryData<string, string, bool, int> Views()
    {
        var views = new TheoryData<string, string, bool, int>();
        foreach ((string route, string shows) in Known)
        {
            views.Add(route, shows, false, 1280);
            views.Add(route, shows, true, 1280);
            views.Add(route, shows, false, TabSettings.PhoneWidth);
            views.Add(route, shows, true, TabSettings.PhoneWidth);
        }

        return views;
    }

    [TheoryWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    [MemberData(nameof(Views))]
    public async Task A_page_shows_its_data_without_complaint_and_is_accessible(string route, string shows, bool isDark, int width)
    {
        await using Tab tab = await gateway.OpenAsync(new TabSettings { IsDark = isDark, Width = width });
        await tab.GoAsync(route);

        await tab.SaysAsync(shows);
        await tab.KeepAsync($"{(route.Length == 0 ? "overview" : string.Concat(route.Select(letter => char.IsLetterOrDigit(letter) ? letter : '-')))}-{(isDark ? "dark" : "light")}-{width}");

        Assert.Empty(await tab.InaccessibleAsync());
        Assert.True(await FitsAsync(tab), "the page is wider than the window");
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task A_message_is_shown_with_its_way()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("messages/" + gateway.MessageId);

        await tab.SaysAsync("order-23");
        await tab.Main.Locator(".trace svg circle").First.WaitForAsync();
        await tab.KeepAsync("trace");
        Assert.Empty(await tab.InaccessibleAsync());
        tab.AssertQuiet();
    }

    [FactWhen(Needs.Chromium, Needs.Axe, Needs.Mosquitto)]
    public async Task An_address_that_is_no_page_says_so()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("constructor");

        await tab.SaysAsync("No such page");
        tab.AssertQuiet();
    }

    private static Task<bool> FitsAsync(Tab tab)
        => tab.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth");
}
