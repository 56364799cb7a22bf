using ProtoBridgeMQ.Gateway.Mqtt.Routing;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// Numbers that this server sets for topic names towards one client [MQTT-3.1.2-26] [MQTT-3.1.2-27]. A name has its place
/// by its hash. A free place is taken at once; one that is taken goes to another name when that comes twice in a row
/// there, so that names that come once do not drive out those that come often.
/// </summary>
/// <remarks>For the connection's writer alone.</remarks>
public sealed class OutgoingAliases
{
    /// <summary>Longer names are written out: they would cost memory for each client.</summary>
    private const int LongestName = 1024;

    private readonly Place[] _places;

    public OutgoingAliases(int maximum) => _places = new Place[maximum];

    /// <summary>How to write a topic name. What is chosen is remembered by <see cref="Written"/> alone: a message may be left out.</summary>
    public TopicAlias Choose(ReadOnlySpan<byte> topic)
    {
        int hash = LevelComparer.Instance.GetHashCode(topic);
        int index = (int)((uint)hash % (uint)_places.Length);
        ref Place place = ref _places[index];
        if (place.Topic is { } name && name.AsSpan().SequenceEqual(topic))
            return new TopicAlias((ushort)(index + 1), IsSet: true);
        if (topic.Length <= LongestName && (place.Topic is null || place.Candidate == hash))
            return new TopicAlias((ushort)(index + 1), IsSet: false);
        place.Candidate = hash;
        return default;
    }

    /// <summary>The topic name was written with its alias.</summary>
    public void Written(ReadOnlySpan<byte> topic, TopicAlias alias)
    {
        if (alias is { Number: > 0, IsSet: false })
            _places[alias.Number - 1] = new Place { Topic = topic.ToArray() };
    }

    private struct Place
    {
        public byte[]? Topic;
        public int Candidate;
    }
}

/// <summary>How a PUBLISH says its topic.</summary>
/// <param name="Number">Topic alias; 0 for none.</param>
/// <param name="IsSet">Whether the client knows it already: then the topic name stays empty.</param>
public readonly record struct TopicAlias(ushort Number, bool IsSet);
