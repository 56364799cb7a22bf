using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Sessions that outlive their connections: <c>/v1/sessions</c> and what is below.</summary>
internal sealed class SessionsHandler(ManagementDesk desk, IServiceProvider services)
{
    /// <summary>None where no front keeps sessions.</summary>
    private readonly ISessionDirectory? _sessions = services.GetService<ISessionDirectory>();

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context, null, null, "search");
        string? search = ManagementDesk.One(context.Request.Query, "search");
        // One page's worth is kept at a time: there may be millions.
        var page = new SortedList<string, SessionState>(StringComparer.Ordinal);
        if (_sessions is not null)
        {
            await foreach (SessionState session in _sessions.ListAsync(context.RequestAborted))
            {
                if (string.CompareOrdinal(session.ClientId, paging.After) <= 0 || search is not null && !session.ClientId.Contains(search, StringComparison.OrdinalIgnoreCase))
                    continue;

                page[session.ClientId] = session;
                if (page.Count > paging.Limit + 1)
                    page.RemoveAt(page.Count - 1);
            }
        }

        (IReadOnlyList<SessionState> items, string? next) = paging.Cut(page.Values, session => session.ClientId);
        List<KeptSession> shapes = [];
        foreach (SessionState item in items)
        {
            // Counting what waits costs a look at each: for the page alone. One may have ended meanwhile.
            if (await _sessions!.FindAsync(item.ClientId, context.RequestAborted) is { } session)
                shapes.Add(ShapeOf(session));
        }

        await ManagementBody.WriteAsync(context, new Page<KeptSession>(shapes, next), ManagementJson.Strict.SessionPage);
    }

    public async Task FindAsync(HttpContext context, string clientId)
    {
        await desk.ReadAsync(context);
        SessionState found = (_sessions is null ? null : await _sessions.FindAsync(clientId, context.RequestAborted)) ?? throw NotFound(clientId);
        await ManagementBody.WriteAsync(context, ShapeOf(found), ManagementJson.Strict.KeptSession);
    }

    public async Task DeleteAsync(HttpContext context, string clientId)
    {
        string user = await desk.ChangeAsync(context);
        if (_sessions is null || !await _sessions.EndAsync(clientId, context.RequestAborted))
            throw NotFound(clientId);

        desk.Changed(context, user, "delete-session", clientId);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static RefusalException NotFound(string clientId) => new(Problem.NotFound, $"There is no session of client {clientId}.");

    private static KeptSession ShapeOf(SessionState session)
    {
        bool isCounted = session.Subscriptions.Any(subscription => subscription.Waiting is not null);
        return new KeptSession(
            session.ClientId,
            session.IsConnected,
            session.ExpirySeconds,
            session.DisconnectedAt,
            session.ExpiresAt,
            isCounted ? session.Subscriptions.Sum(subscription => subscription.Waiting ?? 0) : null,
            isCounted ? session.LeftOut + session.Subscriptions.Sum(subscription => subscription.LeftOut ?? 0) : null,
            [.. session.Subscriptions.Select(subscription => new KeptSubscription(subscription.Filter, subscription.Qos, subscription.Waiting))]);
    }
}
