using System.Globalization;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store.Retention;

namespace ProtoBridgeMQ.Broker.Retention;

/// <summary>Topics with the attribute <c>reserve.time</c>: milliseconds that their messages are kept.</summary>
internal sealed class TopicTimes(ITopics topics) : ITopicRetention
{
    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, TimeSpan>> Topics
    {
        get
        {
            foreach (BrokerTopic topic in topics.All())
            {
                if (topic.Attributes.Pairs.TryGetValue(TopicAttributes.ReserveTime, out string? text)
                    && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds))
                {
                    yield return new(topic.Name, TimeSpan.FromMilliseconds(Math.Min(milliseconds, (long)TimeSpan.FromDays(36500).TotalMilliseconds)));
                }
            }
        }
    }
}
