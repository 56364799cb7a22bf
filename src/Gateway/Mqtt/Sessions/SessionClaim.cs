using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>That one connection of this gateway wants a client identifier for itself, among all gateways of the cluster.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class SessionClaim
{
    private int _state;

    public SessionClaim(MqttConnection connection, string key, byte[] value)
    {
        Connection = connection;
        Key = key;
        Value = value;
    }

    public MqttConnection Connection { get; }

    public string Key { get; }

    /// <summary>Names the claim; no other one has it.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>Whether a connection at another gateway claimed the client after this one: nothing more is sent here.</summary>
    public bool IsLost => Volatile.Read(ref _state) == 2;

    /// <summary>It is in the log. What other gateways claimed before counts no longer.</summary>
    public void Written() => Interlocked.CompareExchange(ref _state, 1, 0);

    /// <summary>Another one is in the log; true when it lies behind this one, for the first time.</summary>
    public bool TryLose() => Interlocked.CompareExchange(ref _state, 2, 1) == 1;
}
