using System.Runtime.CompilerServices;
using System.Text;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Sessions for operators.</summary>
public sealed class SessionDirectory(SessionStore store, SessionBook book, ConnectionTable connections) : ISessionDirectory
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
        return await store.FindAsync(key, cancellationToken).ConfigureAwait(false) is { } record ? StateOf(key, record) : null;
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
        [.. record.Subscriptions.Select(subscription => new SessionFilter(Encoding.UTF8.GetString(subscription.Filter.Span), subscription.Qos))]);
}
