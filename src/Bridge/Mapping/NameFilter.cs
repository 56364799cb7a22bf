using System.Text;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Mapping;

/// <summary>An MQTT topic filter, as a filter on the names that messages are delivered under.</summary>
/// <remarks>Immutable.</remarks>
public sealed class NameFilter
{
    private const int StackLimit = 512;

    private readonly byte[] _filter;
    private readonly Predicate<string> _holdsOtherNames;

    /// <summary>Makes a filter.</summary>
    /// <param name="filter">Well formed, UTF-8.</param>
    /// <param name="holdsOtherNames">Whether messages of a RocketMQ topic may have other names than those of the
    /// default mapping, because rules write to it.</param>
    public NameFilter(ReadOnlySpan<byte> filter, Predicate<string> holdsOtherNames)
    {
        _filter = filter.ToArray();
        _holdsOtherNames = holdsOtherNames;
        Text = Encoding.UTF8.GetString(filter);
    }

    /// <summary>The filter as it was written.</summary>
    public string Text { get; }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8 => _filter;

    /// <summary>Whether a name matches.</summary>
    public bool Matches(ReadOnlySpan<byte> name) => TopicFilter.Matches(_filter, name);

    /// <summary>Whether a message matches by the name that it is delivered under.</summary>
    /// <param name="topic">Its RocketMQ topic.</param>
    /// <param name="tag">Its tag; empty: none.</param>
    /// <param name="keptName">The name that was kept with it; empty: none.</param>
    public bool Matches(string topic, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> keptName)
    {
        int room = Math.Max(keptName.Length, TopicMapping.MaxNameLength(topic.Length, tag.Length));
        if (room <= StackLimit)
        {
            Span<byte> small = stackalloc byte[StackLimit];
            return MatchesIn(topic, tag, keptName, small);
        }

        using var large = new ScratchBytes(room);
        return MatchesIn(topic, tag, keptName, large.Span);
    }

    /// <summary>
    /// What it leaves of a topic, as tags where tags can say it, so that members of other protocols can have the same
    /// filter: <c>a/#</c> is every message of <c>a</c>, <c>a/b</c> is the tag <c>b</c>.
    /// </summary>
    public GroupFilter On(string topic)
    {
        if (_holdsOtherNames(topic))
        {
            return new GroupFilter(TagExpression.All, this);
        }

        MqttTopicName cut = MqttTopicName.Cut(_filter);
        if (!cut.IsRaw && (cut.Head is [(byte)'#'] || (cut.HasRest && cut.Rest is [(byte)'#'])))
        {
            return new GroupFilter(TagExpression.All, null);
        }

        bool isTag = !cut.IsRaw && cut.HasRest && !TopicFilter.HasWildcard(cut.Rest);
        return isTag && TryReadTag() is { } tag ? new GroupFilter(tag, null) : new GroupFilter(TagExpression.All, this);
    }

    private bool MatchesIn(string topic, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> keptName, Span<byte> name)
    {
        int length = TopicMapping.WriteName(topic, tag, keptName, name);
        return length > 0 && Matches(name[..length]);
    }

    /// <summary>The one tag behind the first level; null when a tag expression would read something else.</summary>
    private TagExpression? TryReadTag()
    {
        using var room = new ScratchBytes(TopicMapping.MaxTagLength(_filter.Length));
        string tag = Encoding.UTF8.GetString(room.Span[..TopicMapping.WriteTag(_filter, room.Span)]);
        return tag.Length <= TagExpression.MaxLength && !tag.Contains("||", StringComparison.Ordinal) && tag.Trim() == tag && tag != "*"
            ? TagExpression.Parse(tag)
            : null;
    }
}
