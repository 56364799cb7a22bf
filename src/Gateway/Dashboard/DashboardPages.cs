using System.Buffers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ProtoBridgeMQ.Gateway.Dashboard;

/// <summary>
/// The dashboard: <c>GET /</c> is its page, <c>/dashboard/...</c> what the page loads. All of it is public; what the page
/// shows comes from <c>/v1</c>, which asks who one is.
/// </summary>
public static class DashboardPages
{
    /// <summary>
    /// No script but our own files, no inline script, no frames, no other host; and text never becomes markup: a browser
    /// that knows trusted types refuses every sink that would parse it.
    /// </summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps the addresses of the dashboard.</summary>
    public static void MapDashboard(this IEndpointRouteBuilder routes)
    {
        var files = new DashboardFiles();
        routes.MapMethods("/", Methods, context => WriteAsync(context, files.Find(DashboardFiles.Page))).ExcludeFromDescription();
        routes.MapMethods("/dashboard/{**path}", Methods, context => WriteAsync(context, files.Find((string?)context.GetRouteValue("path") ?? string.Empty)))
            .ExcludeFromDescription();
    }

    private static Task WriteAsync(HttpContext context, DashboardFile? file)
    {
        if (file is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        bool isCompressed = TakesGzip(context.Request.Headers.AcceptEncoding);
        EntityTagHeaderValue tag = isCompressed ? file.CompressedTag : file.PlainTag;
        WriteHeaders(context.Response.Headers, tag);
        if (IsKnown(context.Request.Headers.IfNoneMatch, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        byte[] bytes = isCompressed ? file.Compressed : file.Plain;
        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = bytes.Length;
        if (isCompressed)
            context.Response.Headers.ContentEncoding = "gzip";

        if (HttpMethods.IsHead(context.Request.Method))
            return Task.CompletedTask;

        context.Response.BodyWriter.Write(bytes);
        return context.Response.BodyWriter.FlushAsync(context.RequestAborted).AsTask();
    }

    private static void WriteHeaders(IHeaderDictionary headers, EntityTagHeaderValue tag)
    {
        headers.ETag = tag.ToString();
        // The files have no version in their names: a browser keeps them and asks whether they are still these.
        headers.CacheControl = "no-cache";
        headers.Vary = "Accept-Encoding";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    private static bool TakesGzip(StringValues accepted)
        => StringWithQualityHeaderValue.TryParseList(accepted, out IList<StringWithQualityHeaderValue>? codings)
            && codings.Any(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && coding.Quality is not 0);

    private static bool IsKnown(StringValues known, EntityTagHeaderValue tag)
        => EntityTagHeaderValue.TryParseList(known, out IList<EntityTagHeaderValue>? tags)
            && tags.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false));
}
