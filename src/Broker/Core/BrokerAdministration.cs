using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>Administration over the tables and the store of a broker.</summary>
internal sealed class BrokerAdministration(BrokerCore core, TimeProvider time) : IBrokerAdministration
{
    private Func<(int All, int Reached)> _nameServers = static () => (0, 0);

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    public StoreState Store => core.Store.State;

    public long LogBytes => Math.Max(0, core.Store.Written.Value - core.Store.MinPhysicalOffset);

    public DiskRoom? Disk => core.DiskRoom();

    public int NameServers => _nameServers().All;

    public int NameServersReached => _nameServers().Reached;

    public RemotingTraffic Traffic { get; } = new();

    /// <summary>Whoever registers the broker says how that stands.</summary>
    public void Registers(Func<(int All, int Reached)> state) => _nameServers = state;

    public IReadOnlyList<string> TopicsOf(string group) => core.Tables.Offsets.TopicsOf(group);

    public long StoreTimeAt(string topic, int queueId, long offset) => core.StoreTimeAt(topic, queueId, offset);

    public IReadOnlyList<RemotingClientState> Clients() =>
    [
        .. core.Groups.All()
            .SelectMany(group => core.Groups.Members(group.Name))
            .Where(static member => member.Expires)
            .Select(static member => new RemotingClientState(member.ClientId, member.Group, false, member.Address, member.Language, member.Version)),
        .. core.Tables.Producers.Members(group: null)
            .Select(static member => new RemotingClientState(member.ClientId, member.Group, true, member.Address, member.Language, member.Version)),
    ];

    public bool Disconnect(string clientId)
    {
        bool any = false;
        foreach (GroupMember member in core.Groups.All().SelectMany(group => core.Groups.Members(group.Name)).Where(member => member.ClientId == clientId))
        {
            any |= member.TryDisconnect();
        }

        foreach (ProducerMember member in core.Tables.Producers.Members(group: null).Where(member => member.ClientId == clientId))
        {
            any |= member.TryDisconnect();
        }

        return any;
    }

    public async ValueTask<string?> DeleteTopicAsync(string topic) => await core.Deletion.DeleteAsync(topic).ConfigureAwait(false);

    public void DeleteGroup(string group, bool removeProgress)
    {
        core.Tables.Settings.Remove(group);
        if (removeProgress)
        {
            core.Tables.Offsets.Remove(topic: null, group);
            core.Tables.Resets.Forget(topic: null, group);
            core.Tables.OffsetFlush.Flush();
        }

        core.Statistics.ForgetGroup(group);
    }

    public string? Reset(string group, string topic, IReadOnlyDictionary<int, long> offsets)
    {
        foreach ((int queueId, long offset) in offsets)
        {
            if (!core.Offsets.Commit(group, topic, queueId, offset) || !core.Tables.Resets.Set(topic, group, queueId, offset, core.Options.MaxOffsetResets))
            {
                return "as many resets or as much progress as may be is kept";
            }
        }

        core.Tables.OffsetFlush.Flush();
        foreach (int queueId in offsets.Keys)
        {
            core.Wake(topic, queueId);
        }

        return null;
    }
}
