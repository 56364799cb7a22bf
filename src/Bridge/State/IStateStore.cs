namespace ProtoBridgeMQ.Bridge.State;

/// <summary>
/// Small durable key-value state of the fronts, kept in the log of the brokers so that any gateway can serve any
/// device after any crash. Spaces keep fronts apart.
/// </summary>
/// <remarks>Thread safe. A put is durable when its task completes; the last put of a key wins.</remarks>
public interface IStateStore
{
    /// <summary>The value, or null. The memory is not changed afterwards and may be kept.</summary>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(string space, string key, CancellationToken cancellationToken = default);

    /// <summary>Sets a value; it is copied before the call returns.</summary>
    /// <exception cref="BridgeException">As for a publish; <see cref="BridgeError.Busy"/> when the number of keys is at its limit.</exception>
    ValueTask PutAsync(string space, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);

    /// <summary>Removes a key; removing what is not there is no error.</summary>
    ValueTask DeleteAsync(string space, string key, CancellationToken cancellationToken = default);

    /// <summary>All keys and values of a space, in no order, as of some moment during the walk.</summary>
    IAsyncEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> ListAsync(string space, CancellationToken cancellationToken = default);

    /// <summary>
    /// Has a call made for each value of a space that is there now, and then for every change, whichever gateway made it,
    /// until the answer is disposed. For one key the calls come in the order of the changes. When a put completes, its call
    /// was made, and so were those of all that was put before it, at any gateway.
    /// </summary>
    /// <remarks>
    /// Called under a lock of the store: it must not block, throw or call the store. Bridges whose state no other gateway
    /// shares (<see cref="BridgeCapabilities.IsShared"/>) make no calls.
    /// </remarks>
    IDisposable Watch(string space, StateChange changed) => NoWatch.Instance;

    private sealed class NoWatch : IDisposable
    {
        public static readonly NoWatch Instance = new();

        public void Dispose()
        {
        }
    }
}

/// <summary>A key has another value now.</summary>
/// <param name="key">The key.</param>
/// <param name="before">The value before; null for none.</param>
/// <param name="after">The value now; null for none.</param>
public delegate void StateChange(string key, ReadOnlyMemory<byte>? before, ReadOnlyMemory<byte>? after);
