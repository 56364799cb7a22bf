using Microsoft.Playwright;

namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>The browser that is installed, started with the first tab: tests that are skipped start none.</summary>
public sealed class Browser : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>A new tab with nothing remembered, at the dashboard of a gateway.</summary>
    internal async Task<Tab> OpenAsync(Uri gateway, TabSettings? settings = null)
    {
        IBrowser browser = await StartedAsync();
        settings ??= new TabSettings();
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = settings.Width, Height = 860 },
            ColorScheme = settings.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(20_000);
        return new Tab(await context.NewPageAsync(), gateway);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        _one.Dispose();
    }

    private async Task<IBrowser> StartedAsync()
    {
        await _one.WaitAsync();
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            return _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = "/usr/bin/chromium",
                // Chromium refuses to run as root inside its sandbox.
                Args = Environment.UserName == "root" ? ["--no-sandbox"] : [],
            });
        }
        finally
        {
            _one.Release();
        }
    }
}
