using System.Globalization;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Broker.Core;

namespace ProtoBridgeMQ.Gateway.Embedded.Administration;

/// <summary>Native clients of the broker in this process: what their heartbeats told, joined by client id.</summary>
internal sealed class RemotingClients(IBrokerCore core) : IProtocolClients
{
    public string Protocol => "remoting";

    public long MessagesIn => core.Administration.Traffic.In;

    public long MessagesOut => core.Administration.Traffic.Out;

    public int Connections => core.Administration.Traffic.Connections;

    public ValueTask<IReadOnlyList<ClientState>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<ClientState>>(
        [
            .. core.Administration.Clients()
                .GroupBy(line => line.ClientId, StringComparer.Ordinal)
                .OrderBy(client => client.Key, StringComparer.Ordinal)
                .Select(client => StateOf(client.Key, [.. client])),
        ]);

    public ValueTask<bool> DisconnectAsync(string id, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(core.Administration.Disconnect(id));

    private ClientState StateOf(string id, RemotingClientState[] lines)
    {
        string[] produces = [.. lines.Where(line => line.IsProducer).Select(line => line.Group).Order(StringComparer.Ordinal)];
        string[] consumes = [.. lines.Where(line => !line.IsProducer).Select(line => line.Group).Order(StringComparer.Ordinal)];
        var details = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["language"] = lines[0].Language,
            ["version"] = lines[0].Version.ToString(CultureInfo.InvariantCulture),
            ["producesIn"] = string.Join(", ", produces),
            ["consumesIn"] = string.Join(", ", consumes),
        };
        return new ClientState(
            Protocol,
            id,
            lines[0].Address,
            User: null,
            Since: null,
            details,
            [.. consumes.SelectMany(group => core.Groups.Members(group).Where(member => member.ClientId == id).SelectMany(member => member.Subscriptions.Select(wanted => $"{group}: {wanted.Topic}")))]);
    }
}
