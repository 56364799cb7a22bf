using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.State;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>The spaces of the bridge's state that hold what belongs to sessions.</summary>
public static class SessionSpaces
{
    /// <summary>Session records, by session key.</summary>
    public const string Sessions = "mqtt.session";

    /// <summary>How far sessions have read and what is in flight, by session key, <c>#</c> and epoch.</summary>
    public const string Progress = "mqtt.progress";

    /// <summary>When gateways were last seen, by their names.</summary>
    public const string Gateways = "mqtt.gateway";

    /// <summary>The key of a client's session: its identifier, escaped where keys of the state cannot have a character.</summary>
    public static string KeyOf(string clientId) => Uri.EscapeDataString(clientId);

    /// <summary>The client identifier of a key.</summary>
    public static string ClientIdOf(string key) => Uri.UnescapeDataString(key);
}

/// <summary>Session records in the bridge's state. A put is durable when it completes.</summary>
public sealed class SessionStore
{
    private readonly IStateStore _state;

    public SessionStore(IMessageBridge bridge) => _state = bridge.State;

    /// <summary>The record of a session; null when there is none, or none that can be read.</summary>
    public async ValueTask<SessionRecord?> FindAsync(string key, CancellationToken cancellationToken)
        => await _state.GetAsync(SessionSpaces.Sessions, key, cancellationToken).ConfigureAwait(false) is { } bytes ? SessionCodec.Decode(bytes) : null;

    /// <summary>Keeps a record.</summary>
    /// <exception cref="BridgeException">It could not be kept.</exception>
    public ValueTask PutAsync(string key, SessionRecord record, CancellationToken cancellationToken)
        => _state.PutAsync(SessionSpaces.Sessions, key, SessionCodec.Encode(record), cancellationToken);

    /// <summary>Removes a record.</summary>
    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
        => _state.DeleteAsync(SessionSpaces.Sessions, key, cancellationToken);

    /// <summary>All records, with their keys.</summary>
    public async IAsyncEnumerable<KeyValuePair<string, SessionRecord>> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in _state.ListAsync(SessionSpaces.Sessions, cancellationToken).ConfigureAwait(false))
        {
            if (SessionCodec.Decode(entry.Value) is { } record)
                yield return KeyValuePair.Create(entry.Key, record);
        }
    }
}
