using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>GET /v1/topics/{topic}/socket</c>: messages over WebSocket with credit, for a member of a group or for a reader of its own.</summary>
internal sealed class SocketHandler(
    IMessageBridge bridge, TopicFeeds feeds, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private static readonly string[] Parameters = ["group", "filter", "sql", "from", "position", "lease"];

    private readonly HttpOptions _options = options.Value;
    private int _open;

    public async Task HandleAsync(HttpContext context, string topic)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request, Parameters);
        TopicNames.ThrowIfInvalid(topic);
        FilterChoice wanted = FilterChoice.Read(Text(context, "filter"), Text(context, "sql"));
        string? group = Text(context, "group");
        ClientRights? rights = await access.AuthenticateAsync(context);
        string judged = wanted.Judged.Length == 0 ? "*" : wanted.Judged;
        access.CheckConsume(context, rights, topic, judged);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            throw new RefusalException(Problem.UpgradeRequired, "This address speaks WebSocket.");
        }

        metrics.Sockets.Add(1);
        try
        {
            if (Interlocked.Increment(ref _open) > _options.MaxSockets)
                throw new BridgeException(BridgeError.Busy, $"This gateway has {_options.MaxSockets} WebSockets open, its limit.", retryAfter: TimeSpan.FromSeconds(5));

            using var leaves = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await using ISocketSource source = group is null ? await ReaderAsync(context, topic, wanted, leaves.Token) : await MemberAsync(context, topic, group, wanted, leaves.Token);
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = _options.EventKeepAlive });
            using var session = new SocketSession(socket, source, _options, metrics, clock, () => access.CheckConsume(context, rights, topic, judged));
            await session.RunAsync(leaves.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            metrics.Sockets.Add(-1);
        }
    }

    private static string? Text(HttpContext context, string name) => context.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    private async Task<ISocketSource> ReaderAsync(HttpContext context, string topic, FilterChoice wanted, CancellationToken cancellationToken)
    {
        FeedStart start = FeedStart.Read(Text(context, "from"), "position", Text(context, "position"));
        if (Text(context, "lease") is not null)
            throw RefusalException.Invalid("Without a group there is no lease.");

        return new BroadcastSource(await feeds.OpenAsync(topic, start, wanted.Filter, cancellationToken));
    }

    private async Task<ISocketSource> MemberAsync(HttpContext context, string topic, string group, FilterChoice wanted, CancellationToken cancellationToken)
    {
        TopicNames.ThrowIfInvalidGroup(group);
        if (Text(context, "from") is not null || Text(context, "position") is not null)
            throw RefusalException.Invalid("A group goes on where it is: from and position are for readers without one.");

        TimeSpan lease = Durations.Read("lease", Text(context, "lease"), _options.DefaultLease, _options.MaxLease);
        return new GroupSource(await bridge.SubscribeAsync(
            new SubscribeRequest
            {
                Kind = StreamKind.Group,
                Topics = TopicSelection.Of(topic),
                Group = group,
                Filter = wanted.Tags ?? "*",
                Sql = wanted.Sql,
                AnyFilter = wanted == default,
                Lease = lease,
                Subscriber = "http:" + context.Connection.RemoteIpAddress,
            },
            cancellationToken));
    }
}
