using Microsoft.Playwright;
using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>The dashboard asks who one is where the gateway does, and shows each what the rules let them see.</summary>
public sealed class SigningIn(GuardedDashboard gateway) : IClassFixture<GuardedDashboard>
{
    private const string Remembered = "() => JSON.stringify([location.href, document.cookie, JSON.stringify(localStorage)])";

    [FactWhen(Needs.Chromium)]
    public async Task A_wrong_password_is_told_and_a_right_one_shows_the_page()
    {
        await using Tab tab = await gateway.OpenAsync();
        List<string> addresses = [];
        tab.Page.Request += (_, request) => addresses.Add(request.Url);
        await tab.GoAsync("topics");
        await SignInAsync(tab, "ada", "a bad password");
        await tab.Dialog.GetByRole(AriaRole.Alert).GetByText("does not know this user").WaitForAsync();
        await tab.KeepAsync("sign-in");

        await tab.Field("Password").FillAsync("a good password");
        await tab.Page.Keyboard.PressAsync("Enter");

        await tab.Field("Find a topic").WaitForAsync();
        await tab.Button("Sign out ada").WaitForAsync();
        Assert.DoesNotContain("good", await tab.Page.EvaluateAsync<string>(Remembered), StringComparison.Ordinal);
        Assert.DoesNotContain(addresses, address => address.Contains("good", StringComparison.Ordinal));
        tab.AssertQuiet("401");
    }

    [FactWhen(Needs.Chromium)]
    public async Task An_API_key_signs_in_and_signing_out_forgets_it()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        await tab.Page.GetByLabel("API key or token").First.CheckAsync();
        await tab.Dialog.Locator("input[name=token]").FillAsync(gateway.ApiKey);
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Field("Find a topic").WaitForAsync();

        await tab.Button("Sign out API key or token").ClickAsync();
        await tab.Dialog.WaitForAsync();

        Assert.Equal("{}", await tab.Page.EvaluateAsync<string>("() => JSON.stringify(sessionStorage)"));
        tab.AssertQuiet("401");
    }

    [FactWhen(Needs.Chromium)]
    public async Task Who_may_not_manage_is_told_so_and_may_still_try_out_what_is_theirs()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("topics");
        await SignInAsync(tab, "eve", "another one");
        await tab.SaysAsync("You have no right to this");
        await tab.KeepAsync("no-right");

        await tab.GoAsync("try");
        await tab.Field("Filter").FillAsync("eve/#");
        await tab.Button("Start").ClickAsync();
        await tab.SaysAsync("Subscribed to eve/#");
        await tab.Field("Topic").FillAsync("eve");
        await tab.Field("Tag").FillAsync("diary");
        await tab.Button("Publish").ClickAsync();
        await tab.SaysAsync("eve/diary");
        await tab.Field("Topic").FillAsync("ada");
        await tab.Button("Publish").ClickAsync();

        await tab.Main.Locator(".feed .bad-text").WaitForAsync();
        tab.AssertQuiet("401", "403");
    }

    [FactWhen(Needs.Chromium)]
    public async Task A_gateway_that_goes_away_is_told_and_comes_back()
    {
        await using Tab tab = await gateway.OpenAsync();
        await tab.GoAsync("try");
        await tab.Page.Context.SetOfflineAsync(true);
        await tab.Field("Topic").FillAsync("x");
        await tab.Button("Publish").ClickAsync();

        await tab.SaysAsync("The gateway does not answer");
        await tab.Page.Context.SetOfflineAsync(false);
    }

    private static async Task SignInAsync(Tab tab, string user, string password)
    {
        await tab.Dialog.GetByLabel("User", new LocatorGetByLabelOptions { Exact = true }).FillAsync(user);
        await tab.Field("Password").FillAsync(password);
        await tab.Page.Keyboard.PressAsync("Enter");
    }
}
