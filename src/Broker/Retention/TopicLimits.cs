using System.Globalization;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store.Retention;

namespace ProtoBridgeMQ.Broker.Retention;

/// <summary>
/// Topics with the attribute <c>reserve.time</c>, milliseconds that their messages are kept, or <c>reserve.bytes</c>, how
/// much of them is.
/// </summary>
internal sealed class TopicLimits(ITopics topics) : ITopicRetention
{
    private static readonly long MostMilliseconds = (long)TimeSpan.FromDays(36500).TotalMilliseconds;

    /// <inheritdoc/>
    public IEnumerable<TopicLimit> Topics
    {
        get
        {
            foreach (BrokerTopic topic in topics.All())
            {
                long? time = Number(topic, TopicAttributes.ReserveTime);
                long? bytes = Number(topic, TopicAttributes.ReserveBytes);
                if (time is not null || bytes is not null)
                {
                    yield return new TopicLimit(topic.Name, time is { } own ? TimeSpan.FromMilliseconds(Math.Min(own, MostMilliseconds)) : null, bytes);
                }
            }
        }
    }

    /// <summary>Null without the attribute, and for -1: as the store does.</summary>
    private static long? Number(BrokerTopic topic, string attribute) =>
        topic.Attributes.Pairs.TryGetValue(attribute, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
