using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;
using ProtoBridgeMQ.Gateway.Http.Handlers;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>What every management operation begins and ends with: rights, pages, preconditions, and a line for a change.</summary>
internal sealed class ManagementDesk(IMessageBridge bridge, HttpAccess access, HttpMetrics metrics, IOptions<HttpOptions> options, ILogger<ManagementDesk> log)
{
    private static readonly string[] PageParameters = ["limit", "cursor"];

    private readonly HttpOptions _options = options.Value;

    /// <summary>The brokers.</summary>
    /// <exception cref="BridgeException">They cannot be managed.</exception>
    public IAdministration Brokers
        => bridge.Administration ?? throw new BridgeException(BridgeError.Unsupported, "There are no brokers behind this gateway that it could manage.");

    /// <summary>Lets a request in that only looks.</summary>
    /// <param name="context">The request.</param>
    /// <param name="topic">What it is about; null: everything.</param>
    /// <param name="parameters">Query parameters that it may have.</param>
    public async ValueTask ReadAsync(HttpContext context, string? topic = null, params string[] parameters)
    {
        RequestRules.CheckQuery(context.Request, parameters);
        await access.CheckManageAsync(context, topic);
    }

    /// <summary>Lets a request for a page of a list in.</summary>
    public async ValueTask<Paging> ReadPageAsync(HttpContext context, string? topic = null, int? whenAbsent = null, params string[] parameters)
    {
        await ReadAsync(context, topic, [.. PageParameters, .. parameters]);
        IQueryCollection query = context.Request.Query;
        return Paging.Read(One(query, "limit"), One(query, "cursor"), whenAbsent ?? _options.DefaultPage, _options.MaxPage);
    }

    /// <summary>Lets a request in that changes something.</summary>
    /// <returns>Who asks, for <see cref="Changed"/>.</returns>
    public async ValueTask<string> ChangeAsync(HttpContext context, string? topic = null, params string[] parameters)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request, parameters);
        return await access.CheckManageAsync(context, topic);
    }

    /// <summary>Says what was changed: one line of the log.</summary>
    /// <param name="context">The request.</param>
    /// <param name="user">Who asked.</param>
    /// <param name="action">What was done, such as <c>delete-topic</c>.</param>
    /// <param name="what">To what.</param>
    /// <param name="detail">How; without line ends.</param>
    public void Changed(HttpContext context, string user, string action, string what, string detail = "")
    {
        metrics.Changes.Add(1, new KeyValuePair<string, object?>("action", action));
        HttpLog.Changed(log, action, what, user, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", detail);
    }

    /// <summary>Refuses a change of something that is not any more what the request says it is.</summary>
    /// <param name="request">The request, with <c>If-Match</c> or <c>If-None-Match: *</c>.</param>
    /// <param name="tag">The entity tag of what is there; null: nothing is.</param>
    /// <exception cref="RefusalException">412.</exception>
    public static void CheckPreconditions(HttpRequest request, string? tag)
    {
        string match = request.Headers.IfMatch.ToString();
        bool isMet = match.Length == 0 || (match.Trim() == "*" ? tag is not null : tag is not null && Names(match, tag));
        string noneMatch = request.Headers.IfNoneMatch.ToString();
        bool isNew = noneMatch.Length == 0 || (noneMatch.Trim() == "*" ? tag is null : tag is null || !Names(noneMatch, tag));
        if (!isMet || !isNew)
            throw new RefusalException(Problem.PreconditionFailed, tag is null ? "It does not exist." : $"It is {tag} now: look at it again.");
    }

    /// <summary>
    /// The last part of the address as it was meant: servers leave <c>%2F</c> in a path as it is, and client identifiers
    /// may have a slash, or that very text.
    /// </summary>
    public static string LastSegment(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        int end = target.IndexOf('?', StringComparison.Ordinal);
        string path = end < 0 ? target : target[..end];
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }

    /// <summary>A query parameter that may be there once.</summary>
    public static string? One(IQueryCollection query, string name)
    {
        Microsoft.Extensions.Primitives.StringValues values = query[name];
        return values.Count <= 1 ? values : throw RefusalException.Invalid($"{name} is there {values.Count} times.");
    }

    private static bool Names(string header, string tag) => header.Split(',', StringSplitOptions.TrimEntries).Contains(tag, StringComparer.Ordinal);
}
