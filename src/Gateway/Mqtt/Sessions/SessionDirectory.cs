using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Sessions for operators.</summary>
public sealed class SessionDirectory(IMessageBridge bridge, SessionStore store, ProgressStore progress, SessionBook book, ConnectionTable connections, IOptions<MqttOptions> options) : ISessionDirectory
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<SessionState> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (KeyValuePair<string, SessionRecord> entry in store.ListAsync(cancellationToken).ConfigureAwait(false))
            yield return StateOf(entry.Key, entry.Value);
    }

    /// <inheritdoc/>
    public async ValueTask<SessionState?> FindAsync(string clientId, CancellationToken cancellationToken = default)
    {
        string key = SessionSpaces.KeyOf(clientId);
        if (await store.FindAsync(key, cancellationToken).ConfigureAwait(false) is not { } record)
            return null;
        SessionState state = StateOf(key, record);
        ProgressRecord? saved = await progress.FindAsync(key, record.Epoch).ConfigureAwait(false) ?? await progress.FindAsync(key, record.EpochBefore).ConfigureAwait(false);
        List<SessionFilter> filters = [];
        foreach (SessionSubscription subscription in record.Subscriptions)
            filters.Add(await BacklogAsync(subscription, saved, cancellationToken).ConfigureAwait(false));
        return state with { LeftOut = saved?.LeftOut ?? 0, Subscriptions = filters };
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EndAsync(string clientId, CancellationToken cancellationToken = default)
    {
        if (await store.FindAsync(SessionSpaces.KeyOf(clientId), cancellationToken).ConfigureAwait(false) is null)
            return false;

        await connections
            .CloseAsync(clientId, new ProtocolError(ReasonCode.AdministrativeAction, "an operator ended the session"), cancellationToken)
            .ConfigureAwait(false);
        return await book.DiscardAsync(clientId, cancellationToken).ConfigureAwait(false);
    }

    private static SessionState StateOf(string key, SessionRecord record) => new(
        SessionSpaces.ClientIdOf(key),
        record.DisconnectedAt == 0,
        record.ExpirySeconds,
        record.DisconnectedAt == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(record.DisconnectedAt),
        [.. record.Subscriptions.Select(FilterOf)]);

    private static SessionFilter FilterOf(SessionSubscription subscription) => new(Encoding.UTF8.GetString(subscription.Filter.Span), subscription.Qos);

    /// <summary>What would be sent, and what left out, if the client came now.</summary>
    private async ValueTask<SessionFilter> BacklogAsync(SessionSubscription subscription, ProgressRecord? saved, CancellationToken cancellationToken)
    {
        SessionFilter filter = FilterOf(subscription);
        if (!subscription.IsQueued || bridge.FilterQueues is not { } queues)
            return filter;
        long waiting = 0;
        long leftOut = 0;
        foreach (FilterRange range in await queues.FindAsync(subscription.Filter, cancellationToken).ConfigureAwait(false))
        {
            long place = PlaceOf(subscription, saved, range);
            long first = Math.Max(Math.Max(range.MinOffset, place), range.MaxOffset - options.Value.MaximumBacklog);
            waiting += Math.Max(0, range.MaxOffset - first);
            leftOut += first - place;
        }

        return filter with { Waiting = waiting, LeftOut = leftOut };
    }

    /// <summary>Where it was read to, or began; a broker that came later is read from its beginning.</summary>
    private static long PlaceOf(SessionSubscription subscription, ProgressRecord? saved, FilterRange range)
    {
        foreach (SubscriptionPosition position in saved?.Positions ?? [])
        {
            if (position.Number == subscription.Number && position.Position.Broker == range.Broker)
                return position.Position.Offset;
        }

        return subscription.Start.FirstOrDefault(start => start.Broker == range.Broker).Offset;
    }
}
