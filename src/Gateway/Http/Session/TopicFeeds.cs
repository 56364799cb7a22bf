using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Reading;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>Where a reader begins.</summary>
/// <param name="Position">At a place that was handed out before.</param>
/// <param name="Time">At the first message stored then or later.</param>
/// <param name="IsEarliest">At the oldest message kept. None of these: at what is published from now on.</param>
internal readonly record struct FeedStart(QueuePositions? Position, DateTimeOffset? Time, bool IsEarliest)
{
    /// <summary>Reads <c>latest</c>, <c>earliest</c>, or a point in time; a place goes before it.</summary>
    public static FeedStart Read(string? from, string placeName, string? place)
        => !string.IsNullOrEmpty(place) ? new FeedStart(QueuePositions.Parse(placeName, place), null, false)
            : from is null or "latest" ? default
            : from == "earliest" ? new FeedStart(null, null, true)
            : new FeedStart(null, Times.Read("from", from), false);
}

/// <summary>The feeds of topics that somebody reads; a feed lives as long as it has readers.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TopicFeeds(IMessageBridge bridge, TimeProvider clock, ILogger<TopicFeeds> log) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TopicFeed> _feeds = new(StringComparer.Ordinal);

    /// <summary>Opens a reader; what is acknowledged after that is read.</summary>
    public async Task<FeedReader> OpenAsync(string topic, FeedStart start, GroupFilter filter, CancellationToken cancellationToken)
    {
        TopicFeed feed = Join(topic);
        try
        {
            await feed.OpenAsync().WaitAsync(cancellationToken);
            QueuePositions positions = await PlaceAsync(topic, start, cancellationToken);
            return new FeedReader(feed, bridge.Reader, positions, filter, clock, LeaveAsync);
        }
        catch
        {
            await LeaveAsync(feed);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<TopicFeed> all;
        lock (_gate)
        {
            all = [.. _feeds.Values];
            _feeds.Clear();
        }

        foreach (TopicFeed feed in all)
            await feed.DisposeAsync();
    }

    private async Task<QueuePositions> PlaceAsync(string topic, FeedStart start, CancellationToken cancellationToken)
    {
        var positions = new QueuePositions();
        foreach (QueueRange queue in await bridge.Reader.ListQueuesAsync(topic, cancellationToken))
        {
            // A queue that the place does not name was not there then. One that ends before it belongs to a topic that was made anew.
            positions[queue.Name] = start.Position is { } place ? place.TryGet(queue.Name, out long next) && next <= queue.End ? next : queue.First
                : start.IsEarliest ? queue.First
                : start.Time is { } time ? await bridge.Reader.SearchAsync(topic, queue.Name, time, cancellationToken)
                : queue.End;
        }

        return positions;
    }

    private TopicFeed Join(string topic)
    {
        lock (_gate)
        {
            if (!_feeds.TryGetValue(topic, out TopicFeed? feed))
                _feeds.Add(topic, feed = new TopicFeed(topic, bridge, clock, log));

            feed.Readers++;
            return feed;
        }
    }

    private ValueTask LeaveAsync(TopicFeed feed)
    {
        lock (_gate)
        {
            if (--feed.Readers > 0)
                return default;

            if (_feeds.GetValueOrDefault(feed.Topic) == feed)
                _feeds.Remove(feed.Topic);
        }

        return feed.DisposeAsync();
    }
}
