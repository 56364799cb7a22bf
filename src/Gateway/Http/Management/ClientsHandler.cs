using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Clients of all protocols: <c>/v1/clients</c> and what is below.</summary>
internal sealed class ClientsHandler(IMessageBridge bridge, IEnumerable<IProtocolClients> fronts, ManagementDesk desk)
{
    private readonly IReadOnlyList<IProtocolClients> _protocols =
    [
        .. fronts.Concat(bridge.Administration is { } brokers ? [brokers.NativeClients] : []).OrderBy(protocol => protocol.Protocol, StringComparer.Ordinal),
    ];

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context, null, null, "protocol", "search");
        string? protocol = ManagementDesk.One(context.Request.Query, "protocol");
        string? search = ManagementDesk.One(context.Request.Query, "search");
        List<ClientState> clients = [];
        foreach (IProtocolClients one in protocol is null ? _protocols : [Require(protocol)])
            clients.AddRange(await one.ListAsync(context.RequestAborted));

        IEnumerable<ClientState> found = clients
            .Where(client => search is null || Matches(client, search))
            .OrderBy(KeyOf, StringComparer.Ordinal);
        (IReadOnlyList<ClientState> page, string? next) = paging.Cut(found, KeyOf);
        await ManagementBody.WriteAsync(context, new Page<ConnectedClient>([.. page.Select(ShapeOf)], next), ManagementJson.Strict.ClientPage);
    }

    public async Task FindAsync(HttpContext context, string protocol, string id)
    {
        await desk.ReadAsync(context);
        IReadOnlyList<ClientState> clients = await Require(protocol).ListAsync(context.RequestAborted);
        ClientState found = clients.FirstOrDefault(client => client.Id == id) ?? throw NotFound(protocol, id);
        await ManagementBody.WriteAsync(context, ShapeOf(found), ManagementJson.Strict.ConnectedClient);
    }

    public async Task DisconnectAsync(HttpContext context, string protocol, string id)
    {
        string user = await desk.ChangeAsync(context);
        if (!await Require(protocol).DisconnectAsync(id, context.RequestAborted))
            throw NotFound(protocol, id);

        desk.Changed(context, user, "disconnect-client", $"{protocol} {id}");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static string KeyOf(ClientState client) => $"{client.Protocol} {client.Id}";

    private static bool Matches(ClientState client, string search)
        => client.Id.Contains(search, StringComparison.OrdinalIgnoreCase)
            || client.Address?.Contains(search, StringComparison.OrdinalIgnoreCase) == true
            || client.User?.Contains(search, StringComparison.OrdinalIgnoreCase) == true;

    private static ConnectedClient ShapeOf(ClientState client) => new(
        client.Protocol, client.Id, client.Address, client.User, client.Since, client.Details, client.Subscriptions);

    private static RefusalException NotFound(string protocol, string id) => new(Problem.NotFound, $"There is no {protocol} client {id} here.");

    private IProtocolClients Require(string protocol)
        => _protocols.FirstOrDefault(one => one.Protocol == protocol)
            ?? throw RefusalException.Invalid($"protocol must be one of {string.Join(", ", _protocols.Select(one => one.Protocol))}.");
}
