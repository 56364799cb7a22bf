using ProtoBridgeMQ.Gateway.Http.Handlers;
using ProtoBridgeMQ.Gateway.Http.OpenApi;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>The addresses of the front. Parameters are taken as text: their reading, and what is wrong with them, is the handlers'.</summary>
internal static class Routes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        MapMessages(routes);
        MapExchanges(routes);
        MapWebhooks(routes);
        MapReceipts(routes);
        MapMapping(routes);
        MapHealth(routes);
        ManagementRoutes.Map(routes);
    }

    private static void MapMessages(IEndpointRouteBuilder routes)
    {
        var publish = routes.ServiceProvider.GetRequiredService<PublishHandler>();
        var receive = routes.ServiceProvider.GetRequiredService<ReceiveHandler>();
        // Publishes are taken before routing; this is the operation of the document.
        Describe(routes.MapPost("/v1/topics/{topic}/messages", (HttpContext context, string topic, string? tag, string? key, string? delay, string? at, string? expires, string? orderingKey)
                => publish.HandleAsync(context, topic).AsTask()), "Publish", "Messages", Notes.Publish)
            .WithSummary("Publish a message, or a batch")
            .WithDescription("The body is the message, as it is; `X-Property-NAME` headers become its user properties. With content type "
                + "`application/vnd.protobridge+json` the body is a message as JSON, or an array of them: a batch; `multipart/form-data` is a batch with one message a part. "
                + "With an `Idempotency-Key` header the request can be sent again: what was stored is not stored twice. "
                + "Answered once the message is as durable as the gateway is configured for. A batch answers an array with one result a "
                + "message, in their order, and status 207 when one of them was refused.")
            .Produces<Published>()
            .Produces<IReadOnlyList<BatchResult>>(StatusCodes.Status207MultiStatus);
        var recall = routes.ServiceProvider.GetRequiredService<RecallHandler>();
        Describe(routes.MapDelete("/v1/topics/{topic}/timed/{handle}", (HttpContext context, string topic, string handle) => recall.HandleAsync(context, topic, handle)), "Recall", "Messages", Notes.Recall)
            .WithSummary("Call a message back that waits for its time")
            .WithDescription("The handle is the `recallHandle` of the publish's answer. A message that came already is not noticed.")
            .Produces(StatusCodes.Status204NoContent);
        Describe(routes.MapPost("/v1/topics/{topic}/groups/{group}/receive", (HttpContext context, string topic, string group, string? max, string? wait, string? lease, string? filter, string? sql)
                => receive.HandleAsync(context, topic, group, max, wait, lease, filter, sql)), "Receive", "Messages", Notes.Receive)
            .WithSummary("Receive messages as a member of a group")
            .WithDescription("Waits until there is a message. What is not acknowledged within its lease comes again, to this or another member of the group.")
            .Produces<ReceivedMessages>();
        MapReading(routes);
    }

    private static void MapReading(IEndpointRouteBuilder routes)
    {
        var browse = routes.ServiceProvider.GetRequiredService<BrowseHandler>();
        var events = routes.ServiceProvider.GetRequiredService<EventsHandler>();
        var sockets = routes.ServiceProvider.GetRequiredService<SocketHandler>();
        Describe(
                routes.MapGet("/v1/topics/{topic}/messages", (HttpContext context, string topic, string? queue, string? offset, string? from, string? to, string? key, string? filter, string? sql, string? limit, string? cursor)
                    => browse.HandleAsync(context, topic)),
                "Browse",
                "Messages",
                Notes.Browse)
            .WithSummary("Look at messages without consuming them")
            .WithDescription("From any offset or time, or by key; in the order in which they were stored. Hand `next` back as `cursor`, with the other parameters, for the next page; without it there is none. A page may be empty and have a next one.")
            .Produces<MessagePage>();
        Describe(
                routes.MapGet("/v1/topics/{topic}/stream", (HttpContext context, string topic, string? filter, string? sql, string? from, string? lastEventId)
                    => events.HandleAsync(context, topic, filter, sql, from, lastEventId)),
                "Stream",
                "Messages",
                Notes.Events)
            .WithSummary("Watch a topic by server-sent events")
            .WithDescription("Every message published from now on, or from a place on. The id of an event is the place behind it: a client that sends it as `Last-Event-ID` goes on there. `missing` says how many messages before this one retention deleted.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream");
        Describe(
                routes.MapGet("/v1/topics/{topic}/socket", (HttpContext context, string topic, string? group, string? filter, string? sql, string? from, string? position, string? lease)
                    => sockets.HandleAsync(context, topic)),
                "Socket",
                "Messages",
                Notes.Socket)
            .WithSummary("Receive over WebSocket, with credit")
            .WithDescription("As a member of a group, or without one everything from a place on. The frames are JSON: see docs/protocols/http.md.")
            .Produces(StatusCodes.Status101SwitchingProtocols);
    }

    private static void MapExchanges(IEndpointRouteBuilder routes)
    {
        var requests = routes.ServiceProvider.GetRequiredService<RequestHandler>();
        var transactions = routes.ServiceProvider.GetRequiredService<TransactionsHandler>();
        Describe(
                routes.MapPost("/v1/topics/{topic}/request", (HttpContext context, string topic, string? timeout, string? tag, string? key, string? expires, string? orderingKey)
                    => requests.RequestAsync(context, topic, timeout)),
                "Request",
                "Messages",
                Notes.Request)
            .WithSummary("Publish a request and wait for its reply")
            .WithDescription("Any consumer may reply: one of RocketMQ by its client's means, one of HTTP with the `replyTo` of the message.")
            .Produces<ReplyContent>();
        Describe(routes.MapPost("/v1/replies/{replyTo}", (HttpContext context, string replyTo) => requests.ReplyAsync(context, replyTo)), "Reply", "Messages", Notes.Reply)
            .WithSummary("Reply to a request that was received")
            .Produces(StatusCodes.Status204NoContent);
        Describe(
                routes.MapPost("/v1/topics/{topic}/transactions", (HttpContext context, string topic, string? group, string? checkAfter, string? tag, string? key, string? expires, string? orderingKey)
                    => transactions.BeginAsync(context, topic, group, checkAfter)),
                "BeginTransaction",
                "Transactions",
                Notes.BeginTransaction)
            .WithSummary("Store a message that nobody sees until it is committed")
            .Produces<TransactionBegun>(StatusCodes.Status201Created);
        Describe(routes.MapPost("/v1/transactions/{id}/commit", (HttpContext context, string id) => transactions.CommitAsync(context, id)), "Commit", "Transactions", Notes.EndTransaction)
            .WithSummary("Commit a transaction: its message is delivered")
            .Produces(StatusCodes.Status204NoContent);
        Describe(routes.MapPost("/v1/transactions/{id}/rollback", (HttpContext context, string id) => transactions.RollBackAsync(context, id)), "Rollback", "Transactions", Notes.EndTransaction)
            .WithSummary("Roll a transaction back: its message is never delivered")
            .Produces(StatusCodes.Status204NoContent);
        Describe(
                routes.MapGet("/v1/transactions", (HttpContext context, string? group, string? wait, string? limit) => transactions.ListAsync(context, group, wait, limit)),
                "TransactionsAsked",
                "Transactions",
                Notes.TransactionsAsked)
            .WithSummary("Transactions that the broker asks about")
            .WithDescription("Those of a producer group that were left open. Commit or roll back each; until then the broker asks again.")
            .Produces<TransactionsAsked>();
    }

    private static void MapWebhooks(IEndpointRouteBuilder routes)
    {
        var webhooks = routes.ServiceProvider.GetRequiredService<WebhooksHandler>();
        Describe(routes.MapPost("/v1/webhooks", (Delegate)webhooks.CreateAsync), "CreateWebhook", "Webhooks", Notes.PutWebhook)
            .WithSummary("Have the messages of a topic pushed to an address")
            .WithDescription("Each message is a POST with the message as JSON, signed with the secret, which only this answer tells. With `producerGroup` instead of `topic` the address answers for transactions.")
            .Produces<WebhookOfTopic>(StatusCodes.Status201Created);
        Describe(routes.MapGet("/v1/webhooks", (HttpContext context, string? limit, string? cursor) => webhooks.ListAsync(context)), "ListWebhooks", "Webhooks", Notes.ListWebhooks)
            .WithSummary("List the webhooks")
            .Produces<WebhookPage>();
        Describe(routes.MapGet("/v1/webhooks/{id}", (HttpContext context, string id) => webhooks.FindAsync(context, id)), "FindWebhook", "Webhooks", Notes.FindWebhook)
            .WithSummary("Look at a webhook and what came of its requests")
            .Produces<WebhookOfTopic>();
        Describe(routes.MapPut("/v1/webhooks/{id}", (HttpContext context, string id) => webhooks.UpdateAsync(context, id)), "UpdateWebhook", "Webhooks", Notes.PutWebhook)
            .WithSummary("Change a webhook")
            .WithDescription("What the request does not say is as for a new one; the secret stays. With `If-Match` only when nobody changed it meanwhile.")
            .Produces<WebhookOfTopic>();
        Describe(routes.MapDelete("/v1/webhooks/{id}", (HttpContext context, string id) => webhooks.DeleteAsync(context, id)), "DeleteWebhook", "Webhooks", Notes.FindWebhook)
            .WithSummary("Remove a webhook")
            .Produces(StatusCodes.Status204NoContent);
        Describe(routes.MapPost("/v1/webhooks/{id}/test", (HttpContext context, string id) => webhooks.TestAsync(context, id)), "TestWebhook", "Webhooks", Notes.FindWebhook)
            .WithSummary("Send a signed request to a webhook and say what came of it")
            .Produces<WebhookTested>();
    }

    private static void MapReceipts(IEndpointRouteBuilder routes)
    {
        var receipts = routes.ServiceProvider.GetRequiredService<ReceiptsHandler>();
        MapSettle(routes, "ack", receipts.AcceptAsync, Notes.Accept, "Acknowledge deliveries: handled, never again for this group");
        MapSettle(routes, "nack", receipts.ReleaseAsync, Notes.Release, "Give deliveries back: they come again, counted as an attempt");
        MapSettle(routes, "extend", receipts.ExtendAsync, Notes.Extend, "Hold deliveries longer");
        MapSettle(routes, "dead-letter", receipts.DeadLetterAsync, Notes.Accept, "Move deliveries to the group's dead letters");
    }

    private static void MapSettle(IEndpointRouteBuilder routes, string name, Delegate handler, OperationNotes notes, string summary)
        => Describe(routes.MapPost("/v1/receipts/" + name, handler), name, "Receipts", notes)
            .WithSummary(summary)
            .WithDescription("One result a receipt, in their order; status 207 when one of them could not be settled.")
            .Produces<SettleResults>()
            .Produces<SettleResults>(StatusCodes.Status207MultiStatus);

    private static void MapMapping(IEndpointRouteBuilder routes)
    {
        var mapping = routes.ServiceProvider.GetRequiredService<MappingHandler>();
        Describe(routes.MapPost("/v1/mapping/try", (Delegate)mapping.TryAsync), "TryMapping", "Mapping", Notes.TryMapping)
            .WithSummary("Try the mapping between MQTT and RocketMQ")
            .WithDescription("Says where a message published under an MQTT topic name would go by the mapping rules in force, or which MQTT name "
                + "a message of a RocketMQ topic has, and why. Nothing is published.")
            .Produces<MappingTried>();
    }

    private static void MapHealth(IEndpointRouteBuilder routes)
    {
        var health = routes.ServiceProvider.GetRequiredService<HealthHandler>();
        Describe(routes.MapGet("/healthz", (Delegate)HealthHandler.AliveAsync), "Alive", "Health", new OperationNotes())
            .WithSummary("Whether the process answers")
            .Produces<Alive>();
        Describe(routes.MapGet("/readyz", (Delegate)health.ReadyAsync), "Ready", "Health", Notes.Ready)
            .WithSummary("Whether messages can be published and received")
            .Produces<Ready>();
    }

    /// <summary>Names an operation and hangs what the document says of it on.</summary>
    internal static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint, string name, string tag, OperationNotes notes)
        => endpoint.WithName(name).WithTags(tag).WithMetadata(notes);
}
