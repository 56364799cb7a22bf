namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>The members of one producer group. Its table's lock is held.</summary>
internal sealed class ProducerGroup
{
    /// <summary>Members that one question is tried with, at most.</summary>
    private const int MostInTurn = 4;

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<(ProducerMember Member, long RenewedAt)> _members = [];
    private int _turn;

    public bool IsEmpty => _members.Count == 0;

    public IEnumerable<ProducerMember> Members => _members.Select(static entry => entry.Member);

    public ProducerMember? Find(string clientId) => _places.TryGetValue(clientId, out int place) ? _members[place].Member : null;

    public void Put(ProducerMember member, long now)
    {
        if (_places.TryGetValue(member.ClientId, out int place))
        {
            _members[place] = (member, now);
            return;
        }

        _places.Add(member.ClientId, _members.Count);
        _members.Add((member, now));
    }

    // The last one takes the place of the one that goes.
    public void Remove(string clientId)
    {
        if (!_places.Remove(clientId, out int place))
        {
            return;
        }

        (ProducerMember Member, long RenewedAt) last = _members[^1];
        _members.RemoveAt(_members.Count - 1);
        if (place < _members.Count)
        {
            _members[place] = last;
            _places[last.Member.ClientId] = place;
        }
    }

    public ProducerMember[] Silent(Func<long, bool> isSilent) =>
        [.. _members.Where(entry => isSilent(entry.RenewedAt)).Select(static entry => entry.Member)];

    public ProducerMember[] InTurn()
    {
        int count = Math.Min(MostInTurn, _members.Count);
        var members = new ProducerMember[count];
        _turn = (_turn + 1) & int.MaxValue;
        for (int i = 0; i < count; i++)
        {
            members[i] = _members[(_turn + i) % _members.Count].Member;
        }

        return members;
    }
}
