using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Mqtt.Routing;

/// <summary>How many subscriptions need which RocketMQ topic; null stands for all topics.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class TopicSelectionCount
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _named = new(StringComparer.Ordinal);
    private int _all;

    /// <summary>One more subscription needs the topic.</summary>
    public void Add(string? topic)
    {
        lock (_gate)
        {
            if (topic is null)
                _all++;
            else
                _named[topic] = _named.GetValueOrDefault(topic) + 1;
        }
    }

    /// <summary>One less; true when nobody needs it any more.</summary>
    public bool Remove(string? topic)
    {
        lock (_gate)
        {
            if (topic is null)
                return --_all == 0;
            int left = _named[topic] - 1;
            if (left > 0)
                _named[topic] = left;
            else
                _named.Remove(topic);
            return left == 0;
        }
    }

    /// <summary>The topics needed now.</summary>
    public TopicSelection ToSelection()
    {
        lock (_gate)
        {
            if (_all > 0)
                return TopicSelection.All;
            return _named.Count == 0 ? TopicSelection.None : TopicSelection.Of(_named.Keys.ToArray());
        }
    }
}
