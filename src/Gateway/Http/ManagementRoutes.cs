using ProtoBridgeMQ.Gateway.Http.Codec.Management;
using ProtoBridgeMQ.Gateway.Http.Management;
using ProtoBridgeMQ.Gateway.Http.OpenApi;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>The addresses of the management interface.</summary>
internal static class ManagementRoutes
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        MapOverview(routes);
        MapTopics(routes);
        MapGroups(routes);
        MapClients(routes);
        MapMessages(routes);
        MapState(routes);
        MapGateway(routes);
    }

    private static void MapMessages(IEndpointRouteBuilder routes)
    {
        var messages = routes.ServiceProvider.GetRequiredService<MessagesHandler>();
        var dead = routes.ServiceProvider.GetRequiredService<DeadLettersHandler>();
        Routes.Describe(routes.MapGet("/v1/messages/{id}", (HttpContext context, string id, string? topic) => messages.FindAsync(context, id)), "FindMessage", "Messages", ManagementNotes.Message)
            .WithSummary("A message by its id")
            .WithDescription("By the id that a publish answered with, or by the one that a client gave. Nothing is consumed.")
            .Produces<ManagedMessage>();
        Routes.Describe(routes.MapGet("/v1/messages/{id}/trace", (HttpContext context, string id, string? topic) => messages.TraceAsync(context, id)), "TraceMessage", "Messages", ManagementNotes.Message)
            .WithSummary("What became of a message")
            .WithDescription("Where it came from and where it was stored, what each group of its topic did with it, and what native clients recorded in the message trace.")
            .Produces<MessageTrace>();
        Routes.Describe(routes.MapGet("/v1/groups/{group}/dead-letters", (HttpContext context, string group, string? key, string? from, string? to, string? limit, string? cursor) => dead.ListAsync(context, group)), "ListDeadLetters", "Dead letters", ManagementNotes.DeadLetters)
            .WithSummary("The dead letters of a group, the newest of each queue first")
            .Produces<Page<ManagedMessage>>();
        Routes.Describe(routes.MapPost("/v1/groups/{group}/dead-letters/resend", (HttpContext context, string group) => dead.ResendAsync(context, group)), "ResendDeadLetters", "Dead letters", ManagementNotes.Resend)
            .WithSummary("Send dead letters again: some, those of a search, or all")
            .WithDescription("To the group alone, with all tries before them; or to a topic, for all its groups. Dead letters stay until retention takes them: "
                + "`all` goes on behind those that an earlier `all` sent. Status 207 when one was not sent.")
            .Produces<ResentDeadLetters>()
            .Produces<ResentDeadLetters>(StatusCodes.Status207MultiStatus);
    }

    private static void MapState(IEndpointRouteBuilder routes)
    {
        var sessions = routes.ServiceProvider.GetRequiredService<SessionsHandler>();
        var retained = routes.ServiceProvider.GetRequiredService<RetainedHandler>();
        Routes.Describe(routes.MapGet("/v1/sessions", (HttpContext context, string? search, string? limit, string? cursor) => sessions.ListAsync(context)), "ListSessions", "Sessions", ManagementNotes.Sessions)
            .WithSummary("MQTT sessions that outlive their connections")
            .Produces<Page<KeptSession>>();
        Routes.Describe(routes.MapGet("/v1/sessions/{clientId}", (HttpContext context, string clientId) => sessions.FindAsync(context, ManagementDesk.LastSegment(context))), "FindSession", "Sessions", ManagementNotes.Session)
            .WithSummary("Look at a session")
            .Produces<KeptSession>();
        Routes.Describe(routes.MapDelete("/v1/sessions/{clientId}", (HttpContext context, string clientId) => sessions.DeleteAsync(context, ManagementDesk.LastSegment(context))), "DeleteSession", "Sessions", ManagementNotes.Session)
            .WithSummary("End a session")
            .WithDescription("Its client is disconnected, its subscriptions and what waits for it go.")
            .Produces(StatusCodes.Status204NoContent);
        Routes.Describe(routes.MapGet("/v1/retained", (HttpContext context, string? filter, string? limit, string? cursor) => retained.ListAsync(context)), "ListRetained", "Retained", ManagementNotes.Retained)
            .WithSummary("Retained messages whose MQTT names a filter matches")
            .Produces<Page<RetainedMessage>>();
        Routes.Describe(routes.MapDelete("/v1/retained", (HttpContext context, string? name) => retained.DeleteAsync(context)), "DeleteRetained", "Retained", ManagementNotes.DeleteRetained)
            .WithSummary("Remove a retained message")
            .WithDescription("As a device does it: an empty retained message is published, which who subscribes now receives, too.")
            .Produces(StatusCodes.Status204NoContent);
    }

    private static void MapGateway(IEndpointRouteBuilder routes)
    {
        var mapping = routes.ServiceProvider.GetRequiredService<MappingRulesHandler>();
        var configuration = routes.ServiceProvider.GetRequiredService<ConfigurationHandler>();
        var refusals = routes.ServiceProvider.GetRequiredService<RefusalsHandler>();
        Routes.Describe(routes.MapGet("/v1/mapping", (Delegate)mapping.GetAsync), "FindMapping", "Mapping", ManagementNotes.Look)
            .WithSummary("The mapping rules in force")
            .Produces<MappingRules>();
        Routes.Describe(routes.MapPut("/v1/mapping", (Delegate)mapping.PutAsync), "PutMapping", "Mapping", ManagementNotes.PutMapping)
            .WithSummary("Replace the mapping rules")
            .WithDescription("They are checked, written into the settings file of the gateway, whose rest stays as it is, and are in force when it answers. "
                + "With `If-Match` and the `ETag` of an earlier answer only when nobody changed them since.")
            .Produces<MappingRules>();
        Routes.Describe(routes.MapGet("/v1/configuration", (HttpContext context, string? search, string? limit, string? cursor) => configuration.ListAsync(context)), "ListConfiguration", "Gateway", ManagementNotes.Configuration)
            .WithSummary("Every setting as it is in force, and where it comes from")
            .Produces<Page<ConfigurationSetting>>();
        Routes.Describe(routes.MapGet("/v1/refusals", (HttpContext context, string? protocol, string? limit, string? cursor) => refusals.ListAsync(context)), "ListRefusals", "Gateway", ManagementNotes.Refusals)
            .WithSummary("What was refused lately, the newest first")
            .Produces<Page<RefusalShape>>();
    }

    private static void MapOverview(IEndpointRouteBuilder routes)
    {
        var overview = routes.ServiceProvider.GetRequiredService<OverviewHandler>();
        Routes.Describe(routes.MapGet("/v1/overview", (Delegate)overview.GetAsync), "Overview", "Overview", ManagementNotes.Look)
            .WithSummary("Everything at a glance")
            .Produces<Overview>();
        Routes.Describe(routes.MapGet("/v1/live", (Delegate)overview.LiveAsync), "Live", "Overview", ManagementNotes.Look)
            .WithSummary("The overview each second, by server-sent events")
            .WithDescription("Events named `overview`; their data is what `/v1/overview` answers.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream");
    }

    private static void MapTopics(IEndpointRouteBuilder routes)
    {
        var topics = routes.ServiceProvider.GetRequiredService<TopicsHandler>();
        Routes.Describe(routes.MapGet("/v1/topics", (HttpContext context, string? kind, string? limit, string? cursor) => topics.ListAsync(context)), "ListTopics", "Topics", ManagementNotes.Topics)
            .WithSummary("List topics")
            .Produces<TopicPage>();
        Routes.Describe(routes.MapGet("/v1/topics/{topic}", (HttpContext context, string topic) => topics.FindAsync(context, topic)), "FindTopic", "Topics", ManagementNotes.FindTopic)
            .WithSummary("Look at a topic")
            .Produces<Topic>();
        Routes.Describe(routes.MapPut("/v1/topics/{topic}", (HttpContext context, string topic) => topics.PutAsync(context, topic)), "CreateTopic", "Topics", ManagementNotes.PutTopic)
            .WithSummary("Create a topic, or change its settings")
            .WithDescription("With `If-Match` and the `ETag` of an earlier answer only when nobody changed it since; with `If-None-Match: *` only when there is none.")
            .Produces<Topic>()
            .Produces<Topic>(StatusCodes.Status201Created);
        Routes.Describe(routes.MapDelete("/v1/topics/{topic}", (HttpContext context, string topic) => topics.DeleteAsync(context, topic)), "DeleteTopic", "Topics", ManagementNotes.DeleteTopic)
            .WithSummary("Delete a topic with its messages and the progress of groups in it")
            .Produces(StatusCodes.Status204NoContent);
        Routes.Describe(routes.MapGet("/v1/topics/{topic}/queues", (HttpContext context, string topic, string? limit, string? cursor) => topics.QueuesAsync(context, topic)), "ListQueues", "Topics", ManagementNotes.TopicList)
            .WithSummary("The queues of a topic")
            .Produces<Page<TopicQueue>>();
        Routes.Describe(routes.MapGet("/v1/topics/{topic}/groups", (HttpContext context, string topic, string? limit, string? cursor) => topics.GroupsAsync(context, topic)), "ListGroupsOfTopic", "Topics", ManagementNotes.TopicList)
            .WithSummary("The groups that have progress in a topic")
            .Produces<Page<TopicGroup>>();
    }

    private static void MapGroups(IEndpointRouteBuilder routes)
    {
        var groups = routes.ServiceProvider.GetRequiredService<GroupsHandler>();
        var offsets = routes.ServiceProvider.GetRequiredService<OffsetsHandler>();
        Routes.Describe(routes.MapGet("/v1/groups", (HttpContext context, string? kind, string? limit, string? cursor) => groups.ListAsync(context)), "ListGroups", "Groups", ManagementNotes.Groups)
            .WithSummary("List consumer groups, with their members and lag")
            .Produces<Page<Group>>();
        Routes.Describe(routes.MapGet("/v1/groups/{group}", (HttpContext context, string group) => groups.FindAsync(context, group)), "FindGroup", "Groups", ManagementNotes.FindGroup)
            .WithSummary("Look at a group")
            .Produces<Group>();
        Routes.Describe(routes.MapPut("/v1/groups/{group}", (HttpContext context, string group) => groups.PutAsync(context, group)), "PutGroup", "Groups", ManagementNotes.PutGroup)
            .WithSummary("Create a group, or change its settings")
            .WithDescription("With `If-Match` and the `ETag` of an earlier answer only when nobody changed it since; with `If-None-Match: *` only when there is none.")
            .Produces<Group>()
            .Produces<Group>(StatusCodes.Status201Created);
        Routes.Describe(routes.MapDelete("/v1/groups/{group}", (HttpContext context, string group, string? progress) => groups.DeleteAsync(context, group)), "DeleteGroup", "Groups", ManagementNotes.DeleteGroup)
            .WithSummary("Delete a group that has no members")
            .Produces(StatusCodes.Status204NoContent);
        Routes.Describe(routes.MapGet("/v1/groups/{group}/lag", (HttpContext context, string group, string? limit, string? cursor) => groups.LagAsync(context, group)), "GroupLag", "Groups", ManagementNotes.GroupList)
            .WithSummary("Where a group is, queue by queue")
            .Produces<GroupLag>();
        Routes.Describe(routes.MapGet("/v1/groups/{group}/members", (HttpContext context, string group, string? limit, string? cursor) => groups.MembersAsync(context, group)), "GroupMembers", "Groups", ManagementNotes.GroupList)
            .WithSummary("The members of a group that are connected")
            .Produces<Page<GroupMember>>();
        Routes.Describe(routes.MapPost("/v1/groups/{group}/offsets/reset", (HttpContext context, string group) => offsets.ResetAsync(context, group)), "ResetOffsets", "Groups", ManagementNotes.ResetOffsets)
            .WithSummary("Set where a group goes on in a topic")
            .WithDescription("To the first messages stored at or after a time, to the earliest, or to the end; with `dryRun` only says where that is.")
            .Produces<ResetResult>();
    }

    private static void MapClients(IEndpointRouteBuilder routes)
    {
        var clients = routes.ServiceProvider.GetRequiredService<ClientsHandler>();
        Routes.Describe(routes.MapGet("/v1/clients", (HttpContext context, string? protocol, string? search, string? limit, string? cursor) => clients.ListAsync(context)), "ListClients", "Clients", ManagementNotes.Clients)
            .WithSummary("Clients of all protocols that are connected")
            .Produces<Page<ConnectedClient>>();
        Routes.Describe(routes.MapGet("/v1/clients/{protocol}/{id}", (HttpContext context, string protocol, string id) => clients.FindAsync(context, protocol, ManagementDesk.LastSegment(context))), "FindClient", "Clients", ManagementNotes.Client)
            .WithSummary("Look at a client")
            .Produces<ConnectedClient>();
        Routes.Describe(routes.MapDelete("/v1/clients/{protocol}/{id}", (HttpContext context, string protocol, string id) => clients.DisconnectAsync(context, protocol, ManagementDesk.LastSegment(context))), "DisconnectClient", "Clients", ManagementNotes.Client)
            .WithSummary("Close a client's connection")
            .Produces(StatusCodes.Status204NoContent);
    }
}
