
namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>GET /</c>: where to go from here.</summary>
internal static class LandingPage
{
    private static readonly byte[] Page = Load();

    public static async Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = Page.Length;
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        await context.Response.BodyWriter.WriteAsync(Page);
    }

    private static byte[] Load()
    {
        using Stream stream = typeof(LandingPage).Assembly.GetManifestResourceStream("landing.html")
            ?? throw new InvalidOperationException("The landing page is not in the assembly.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
