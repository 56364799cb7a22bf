using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>Wills in the bridge's state, one for a client. A put is durable when it completes.</summary>
public sealed class WillStore
{
    /// <summary>The space of the state.</summary>
    public const string Space = "mqtt.will";

    private readonly IMessageBridge _bridge;

    public WillStore(IMessageBridge bridge) => _bridge = bridge;

    /// <summary>Whether wills survive a crash.</summary>
    public bool IsDurable => _bridge.Capabilities.DurableState;

    /// <summary>Whether other gateways keep wills there, too.</summary>
    public bool IsShared => IsDurable && _bridge.Capabilities.IsShared;

    /// <summary>The will of a client; null when there is none, or none that can be read.</summary>
    public async ValueTask<KeptWill?> FindAsync(string clientId, CancellationToken cancellationToken)
        => await _bridge.State.GetAsync(Space, SessionSpaces.KeyOf(clientId), cancellationToken).ConfigureAwait(false) is { } bytes ? WillCodec.Decode(bytes) : null;

    /// <summary>Keeps a will in the place of the client's one before.</summary>
    /// <exception cref="BridgeException">It could not be kept.</exception>
    public ValueTask PutAsync(string clientId, KeptWill will, CancellationToken cancellationToken)
        => _bridge.State.PutAsync(Space, SessionSpaces.KeyOf(clientId), WillCodec.Encode(will), cancellationToken);

    /// <summary>Removes the client's will.</summary>
    public ValueTask DeleteAsync(string clientId, CancellationToken cancellationToken)
        => _bridge.State.DeleteAsync(Space, SessionSpaces.KeyOf(clientId), cancellationToken);

    /// <summary>All wills, by client identifier.</summary>
    public async IAsyncEnumerable<KeyValuePair<string, KeptWill>> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in _bridge.State.ListAsync(Space, cancellationToken).ConfigureAwait(false))
        {
            if (WillCodec.Decode(entry.Value) is { } will)
                yield return KeyValuePair.Create(SessionSpaces.ClientIdOf(entry.Key), will);
        }
    }
}
