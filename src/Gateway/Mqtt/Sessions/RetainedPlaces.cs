namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// How far the subscriptions of a session have what was retained when they began: of those whose record says that it is owed. It goes by
/// the names of topics, in whose order retained messages are found, so a connection that ends leaves nothing but a name.
/// </summary>
/// <remarks>Thread safe: the connection's reader begins, the session's feed goes on and saves.</remarks>
public sealed class RetainedPlaces
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, RetainedPlace> _places = [];
    private int _changes;

    /// <summary>Begins with what was saved.</summary>
    public RetainedPlaces(IReadOnlyList<RetainedPlace> saved)
    {
        foreach (RetainedPlace place in saved)
            _places[place.Number] = place;
    }

    /// <summary>Changes since the last snapshot.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>A subscription began, or began again: nothing of it was sent.</summary>
    public void Begin(uint number) => Set(new RetainedPlace(number, IsDone: false, default));

    /// <summary>The message of that topic name is in flight, and those before it are.</summary>
    public void Sent(uint number, ReadOnlyMemory<byte> name) => Set(new RetainedPlace(number, IsDone: false, name));

    /// <summary>Nothing is owed any more.</summary>
    public void Done(uint number) => Set(new RetainedPlace(number, IsDone: true, default));

    /// <summary>Whether everything that was owed to a subscription is in flight, or was.</summary>
    public bool IsDone(uint number) => Find(number).IsDone;

    /// <summary>The topic name behind which a subscription goes on; empty for the beginning.</summary>
    public ReadOnlyMemory<byte> After(uint number) => Find(number).After;

    /// <summary>What is to be kept, of the subscriptions that a record says are owed something.</summary>
    public IReadOnlyList<RetainedPlace> Snapshot(SessionRecord record)
    {
        lock (_gate)
        {
            _changes = 0;
            return _places.Count == 0
                ? []
                : [.. record.Subscriptions.Where(subscription => subscription.IsRetainedOwed && _places.ContainsKey(subscription.Number)).Select(subscription => _places[subscription.Number])];
        }
    }

    private RetainedPlace Find(uint number)
    {
        lock (_gate)
            return _places.GetValueOrDefault(number);
    }

    private void Set(in RetainedPlace place)
    {
        lock (_gate)
        {
            _places[place.Number] = place;
            _changes++;
        }
    }
}

/// <summary>How far one subscription has what was retained when it began.</summary>
/// <param name="Number">The subscription.</param>
/// <param name="IsDone">Whether it has all of it.</param>
/// <param name="After">The topic name of the last message; empty for none.</param>
public readonly record struct RetainedPlace(uint Number, bool IsDone, ReadOnlyMemory<byte> After);
