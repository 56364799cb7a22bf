using System.Buffers.Binary;
using System.Collections.Concurrent;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.State;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// Says now and then that this gateway is there. A session whose owner was not seen for a while lost its connection
/// when the owner was last seen: nobody wrote it down.
/// </summary>
public sealed class GatewayPresence
{
    /// <summary>How often it is said.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>Unseen for so long, a gateway counts as gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly IStateStore _state;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, long> _unknown = new(StringComparer.Ordinal);

    public GatewayPresence(IMessageBridge bridge, TimeProvider clock)
    {
        _state = bridge.State;
        _clock = clock;
    }

    /// <summary>This gateway's name, another one at every start.</summary>
    public string Name { get; } = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    /// <summary>Says that this gateway is there.</summary>
    public ValueTask SayAsync(CancellationToken cancellationToken)
    {
        byte[] now = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(now, _clock.GetUtcNow().ToUnixTimeMilliseconds());
        return _state.PutAsync(SessionSpaces.Gateways, Name, now, cancellationToken);
    }

    /// <summary>When a gateway was last seen, Unix milliseconds: now, as long as it counts as there.</summary>
    public async ValueTask<long> LastSeenAsync(string name, CancellationToken cancellationToken)
    {
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (name == Name)
            return now;
        ReadOnlyMemory<byte>? value = await _state.GetAsync(SessionSpaces.Gateways, name, cancellationToken).ConfigureAwait(false);
        if (value is not { Length: 8 })
            return _unknown.GetOrAdd(name, now);
        long seen = BinaryPrimitives.ReadInt64BigEndian(value.Value.Span);
        return now - seen < (long)Patience.TotalMilliseconds ? now : seen;
    }

    /// <summary>When a gateway last said that it is there, Unix milliseconds; 0 when it is not known.</summary>
    public async ValueTask<long> LastSaidAsync(string name, CancellationToken cancellationToken)
        => await _state.GetAsync(SessionSpaces.Gateways, name, cancellationToken).ConfigureAwait(false) is { Length: 8 } value
            ? BinaryPrimitives.ReadInt64BigEndian(value.Span)
            : 0;

    /// <summary>Whether this gateway is the first by name of those that are there: what needs to be done once, it does.</summary>
    public async ValueTask<bool> IsFirstAsync(CancellationToken cancellationToken)
    {
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> gateway in _state.ListAsync(SessionSpaces.Gateways, cancellationToken).ConfigureAwait(false))
        {
            if (string.CompareOrdinal(gateway.Key, Name) < 0 && await LastSeenAsync(gateway.Key, cancellationToken).ConfigureAwait(false) >= now)
                return false;
        }

        return true;
    }

    /// <summary>Forgets gateways that are gone and own no session.</summary>
    public async ValueTask ForgetAsync(IReadOnlySet<string> owners, CancellationToken cancellationToken)
    {
        List<string> gone = [];
        await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> gateway in _state.ListAsync(SessionSpaces.Gateways, cancellationToken).ConfigureAwait(false))
        {
            if (gateway.Key != Name && !owners.Contains(gateway.Key))
                gone.Add(gateway.Key);
        }

        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (string name in gone)
        {
            if (await LastSeenAsync(name, cancellationToken).ConfigureAwait(false) < now)
                await _state.DeleteAsync(SessionSpaces.Gateways, name, cancellationToken).ConfigureAwait(false);
        }
    }
}
