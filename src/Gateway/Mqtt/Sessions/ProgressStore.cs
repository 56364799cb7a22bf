using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.State;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>Progress records in the bridge's state, under the session's key and its owner's epoch. A put is durable when it completes.</summary>
public sealed class ProgressStore
{
    private readonly IStateStore _state;

    public ProgressStore(IMessageBridge bridge) => _state = bridge.State;

    /// <summary>The progress that was saved in an epoch; null when nothing was.</summary>
    public async ValueTask<ProgressRecord?> FindAsync(string key, long epoch)
        => await _state.GetAsync(SessionSpaces.Progress, KeyOf(key, epoch)).ConfigureAwait(false) is { } bytes ? ProgressCodec.Decode(bytes) : null;

    /// <summary>Keeps it.</summary>
    /// <exception cref="BridgeException">It could not be kept.</exception>
    public ValueTask PutAsync(string key, long epoch, ProgressRecord record)
        => _state.PutAsync(SessionSpaces.Progress, KeyOf(key, epoch), ProgressCodec.Encode(record));

    /// <summary>Removes it.</summary>
    public ValueTask DeleteAsync(string key, long epoch) => _state.DeleteAsync(SessionSpaces.Progress, KeyOf(key, epoch));

    private static string KeyOf(string key, long epoch) => string.Create(CultureInfo.InvariantCulture, $"{key}#{epoch}");
}
