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
}
