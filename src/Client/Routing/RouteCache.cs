using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Client.Routing;

/// <summary>
/// The routes of the topics in use, asked for once and refreshed in the background. A name server that fails changes
/// nothing: known routes stay.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RouteCache(NameServers nameServers, ClientOptions options, ILogger log)
{
    /// <summary>Topics that nobody asked for during so long are forgotten.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, TopicEntry> _topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BrokerRoute> _brokers = new(StringComparer.Ordinal);
    private readonly TimeProvider _time = options.TimeProvider;

    /// <summary>Raised after the route of a topic changed.</summary>
    public event Action? Changed;

    /// <summary>All brokers that any route names.</summary>
    public ICollection<BrokerRoute> Brokers => _brokers.Values;

    /// <summary>The entry of a topic, made when needed.</summary>
    public TopicEntry Entry(string topic) => Entry(topic, _time.GetTimestamp());

    /// <summary>The same, for who has looked at the clock already.</summary>
    public TopicEntry Entry(string topic, long now)
    {
        if (!_topics.TryGetValue(topic, out TopicEntry? entry))
        {
            MakeRoom();
            entry = _topics.GetOrAdd(topic, static name => new TopicEntry(name));
        }

        entry.LastUse = now;
        return entry;
    }

    /// <summary>The route of a topic, asked for when it is not known; null when no name server knows it.</summary>
    public async ValueTask<TopicRoute?> FindAsync(string topic, CancellationToken cancellationToken)
    {
        TopicEntry entry = Entry(topic);
        if (entry.Route is { } known && !entry.IsTemplate)
        {
            return known;
        }

        TopicRoute? found = await LookUpAsync(entry, null, 0, cancellationToken).ConfigureAwait(false);
        return entry.IsTemplate ? null : found;
    }

    /// <summary>The route as the name servers have it now; when they have none, the one that was known: they may have started a moment ago.</summary>
    public async ValueTask<TopicRoute?> RefreshAsync(string topic, CancellationToken cancellationToken)
    {
        TopicEntry entry = Entry(topic);
        TopicRoute? found = await LookUpAsync(entry, null, 0, cancellationToken).ConfigureAwait(false);
        return entry.IsTemplate ? null : found;
    }

    /// <summary>The route as a name server has it now, whatever was known; null when it has none.</summary>
    public async ValueTask<TopicRoute?> AskAfreshAsync(string topic, CancellationToken cancellationToken)
    {
        TopicRouteData? data = await AskAsync(topic, cancellationToken).ConfigureAwait(false);
        if (data is null)
        {
            return null;
        }

        TopicRoute route = RouteReading.Read(topic, data);
        Set(Entry(topic), route, isTemplate: false);
        return route;
    }

    /// <summary>Asks the name servers now; many callers share one look-up.</summary>
    public async ValueTask<TopicRoute?> LookUpAsync(TopicEntry entry, string? template, int templateQueues, CancellationToken cancellationToken)
    {
        Task<TopicRoute?> lookup;
        lock (entry.Gate)
        {
            lookup = entry.Lookup ??= LookUpOnceAsync(entry, template, templateQueues);
        }

        return await lookup.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The address of a broker: its master's, or any other one when it has none and any will do.</summary>
    public string? AddressOf(string brokerName, bool masterOnly)
    {
        if (!_brokers.TryGetValue(brokerName, out BrokerRoute? broker))
        {
            return null;
        }

        if (broker.Addresses.TryGetValue(0, out string? master))
        {
            return master;
        }

        return masterOnly ? null : broker.Addresses.Values.FirstOrDefault();
    }

    /// <summary>Asks again for every topic in use, and forgets those that are not.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        foreach (TopicEntry entry in _topics.Values)
        {
            if (_time.GetElapsedTime(entry.LastUse) > IdleTime)
            {
                _topics.TryRemove(entry.Topic, out _);
                continue;
            }

            try
            {
                await LookUpAsync(entry, null, 0, cancellationToken).ConfigureAwait(false);
            }
            catch (ProtoBridgeMqException error)
            {
                ClientMetrics.RouteFailures.Add(1);
                log.RouteRefreshFailed(entry.Topic, error.Message);
            }
        }

        ForgetBrokers();
    }

    private async Task<TopicRoute?> LookUpOnceAsync(TopicEntry entry, string? template, int templateQueues)
    {
        // Leaves the gate of the caller before anything else happens.
        await Task.Yield();
        try
        {
            TopicRouteData? data = await AskAsync(entry.Topic, CancellationToken.None).ConfigureAwait(false);
            if (data is not null)
            {
                Set(entry, RouteReading.Read(entry.Topic, data), isTemplate: false);
                return entry.Route;
            }

            if (entry.Route is not null && !entry.IsTemplate)
            {
                // Deleted, or a name server that has just started: the known route is tried until a broker says no.
                return entry.Route;
            }

            if (template is not null && await AskAsync(template, CancellationToken.None).ConfigureAwait(false) is { } templateData)
            {
                Set(entry, RouteReading.ReadTemplate(entry.Topic, templateData, templateQueues), isTemplate: true);
                return entry.Route;
            }

            return entry.Route;
        }
        finally
        {
            entry.EndLookup();
        }
    }

    private ValueTask<TopicRouteData?> AskAsync(string topic, CancellationToken cancellationToken) => nameServers.AskAsync(
        RequestCode.GetRouteInfoByTopic,
        new GetRouteInfoRequestHeader { Topic = topic },
        $"Asking for the route of topic {topic}",
        static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.TopicRouteData),
        ResponseCode.TopicNotExist,
        cancellationToken);

    private void Set(TopicEntry entry, TopicRoute route, bool isTemplate)
    {
        foreach (BrokerRoute broker in route.Brokers)
        {
            _brokers[broker.Name] = broker;
        }

        bool same = entry.Route is { } old
            && old.WriteQueueArray.AsSpan().SequenceEqual(route.WriteQueueArray)
            && old.ReadQueueArray.AsSpan().SequenceEqual(route.ReadQueueArray);
        entry.IsTemplate = isTemplate;
        entry.Route = route;
        if (!same)
        {
            Changed?.Invoke();
        }
    }

    private void ForgetBrokers()
    {
        HashSet<string> named = [.. _topics.Values.SelectMany(entry => entry.Route?.Brokers ?? []).Select(broker => broker.Name)];
        foreach (string name in _brokers.Keys)
        {
            if (!named.Contains(name))
            {
                _brokers.TryRemove(name, out _);
            }
        }
    }

    private void MakeRoom()
    {
        while (_topics.Count >= options.MaxTopics && _topics.Values.MinBy(entry => entry.LastUse) is { } oldest)
        {
            _topics.TryRemove(oldest.Topic, out _);
        }
    }
}
