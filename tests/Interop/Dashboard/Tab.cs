using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using ProtoBridgeMQ.Tests.Interop.Clients;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>A tab at a dashboard. What the console complains of, and requests to other hosts, are collected.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private const string AxeCall = """
        async () => (await axe.run()).violations
            .filter(found => found.impact === "serious" || found.impact === "critical")
            .map(found => `${found.id}: ${found.nodes.map(node => node.target.join(" ")).join(", ")}`)
        """;

    private static readonly Lazy<string> Axe = new(() => File.ReadAllText(Path.Combine(Installed.Folder, "node_modules", "axe-core", "axe.min.js")));

    private readonly Uri _gateway;
    private readonly ConcurrentQueue<string> _complaints = new();

    public Tab(IPage page, Uri gateway)
    {
        Page = page;
        _gateway = gateway;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue($"{message.Type} at {page.Url}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"exception at {page.Url}: {error}");
        page.Dialog += (_, dialog) =>
        {
            _complaints.Enqueue($"a dialog of the browser: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: not "data" } url && url.Authority != gateway.Authority)
            {
                _complaints.Enqueue($"a request to another host: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>What went wrong in the tab so far.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public ILocator Main => Page.Locator("main");

    /// <summary>The dialog that is open.</summary>
    public ILocator Dialog => Page.Locator("dialog[open]");

    /// <summary>Opens a page of the dashboard and waits until it is shown with what it loaded.</summary>
    /// <param name="route">What follows <c>#/</c>.</param>
    public async Task GoAsync(string route)
    {
        await Page.GotoAsync(new Uri(_gateway, "/#/" + route).AbsoluteUri);
        await ShownAsync(route);
    }

    /// <summary>Waits until a page is shown.</summary>
    public Task ShownAsync(string route) => Page.Locator($"main[data-shown='#/{route}']").WaitForAsync();

    /// <summary>Waits until a text is shown.</summary>
    public Task SaysAsync(string text) => Main.GetByText(text).First.WaitForAsync();

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Field(string label) => Page.GetByLabel(label, new PageGetByLabelOptions { Exact = true });

    /// <summary>Serious and critical violations of the accessibility rules.</summary>
    public async Task<IReadOnlyList<string>> InaccessibleAsync()
    {
        await Page.EvaluateAsync(Axe.Value);
        JsonElement found = await Page.EvaluateAsync<JsonElement>(AxeCall);
        return [.. found.EnumerateArray().Select(one => one.GetString()!)];
    }

    /// <summary>Keeps a picture beside the test's program.</summary>
    public Task KeepAsync(string name)
        => Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(AppContext.BaseDirectory, "screenshots", name + ".png") });

    /// <summary>Asserts that nothing went wrong, apart from answers that the test asked for.</summary>
    public void AssertQuiet(params string[] expected)
        => Assert.Empty(_complaints.Where(complaint => !expected.Any(part => complaint.Contains(part, StringComparison.Ordinal))));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(Page.Context.CloseAsync());
}
