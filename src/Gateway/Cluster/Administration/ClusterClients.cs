using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster.Administration;

/// <summary>
/// Native clients of a cluster, as far as brokers tell: the members of consumer groups, asked for group by group. They
/// tell no traffic of clients, and of producers only by their groups, which nobody lists.
/// </summary>
internal sealed class ClusterClients(AdminClient admin) : IProtocolClients
{
    private const int MaxGroups = 200;

    public string Protocol => "remoting";

    public long MessagesIn => 0;

    public long MessagesOut => 0;

    public int Connections => 0;

    public async ValueTask<IReadOnlyList<ClientState>> ListAsync(CancellationToken cancellationToken = default)
    {
        var found = new SortedDictionary<string, (GroupMemberInfo Member, List<string> Groups)>(StringComparer.Ordinal);
        IReadOnlyList<string> groups = await ClusterErrors.TranslateAsync(admin.Groups.ListAsync(cancellationToken)).ConfigureAwait(false);
        foreach (string group in groups.Take(MaxGroups))
        {
            foreach (GroupMemberInfo member in await MembersAsync(group, cancellationToken).ConfigureAwait(false))
            {
                if (!found.TryGetValue(member.ClientId, out (GroupMemberInfo Member, List<string> Groups) client))
                {
                    found[member.ClientId] = client = (member, []);
                }

                client.Groups.Add(group);
            }
        }

        return [.. found.Values.Select(client => StateOf(client.Member, client.Groups))];
    }

    public ValueTask<bool> DisconnectAsync(string id, CancellationToken cancellationToken = default)
        => ValueTask.FromException<bool>(new BridgeException(BridgeError.Unsupported, "Clients of the brokers of a cluster cannot be disconnected from here."));

    private ClientState StateOf(GroupMemberInfo member, List<string> groups) => new(
        Protocol,
        member.ClientId,
        member.Address,
        User: null,
        Since: null,
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["language"] = member.Language,
            ["version"] = member.Version.ToString(CultureInfo.InvariantCulture),
            ["consumesIn"] = string.Join(", ", groups),
        },
        groups);

    /// <summary>Brokers refuse to tell of a group that has no member.</summary>
    private async ValueTask<IReadOnlyList<GroupMemberInfo>> MembersAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            return await admin.Groups.ListMembersAsync(group, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestRefusedException)
        {
            return [];
        }
        catch (ProtoBridgeMqException failure)
        {
            throw ClusterErrors.ToException(failure);
        }
    }
}
