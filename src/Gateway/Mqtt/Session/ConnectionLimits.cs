using System.Net;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// How many connections a user and an address have, and how fast new ones come. A table holds who is connected, or was
/// lately, and nobody else.
/// </summary>
public sealed class ConnectionLimits
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, int> _addresses = [];
    private readonly Dictionary<IPAddress, TokenBucket> _rates = [];
    private readonly MqttOptions _options;
    private readonly TimeProvider _clock;
    private TokenBucket _rate;

    public ConnectionLimits(MqttOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _rate = new TokenBucket(options.ConnectRate, options.RateBurst, clock.GetTimestamp());
    }

    /// <summary>Counts a CONNECT against the rates; no: it comes too soon.</summary>
    public bool TryTakeRate(IPAddress? address)
    {
        if (_options.ConnectRate == 0 && _options.ConnectRatePerAddress == 0)
            return true;
        long now = _clock.GetTimestamp();
        lock (_gate)
        {
            if (!_rate.HasAny(now, _clock) || !TryTakeRateOf(address, now))
                return false;
            _rate.Take(1);
            return true;
        }
    }

    /// <summary>Enters a connection; an error names the limit that it is above.</summary>
    public ProtocolError TryEnter(string? user, IPAddress? address)
    {
        lock (_gate)
        {
            if (user is not null && _options.ConnectionsPerUser > 0 && _users.GetValueOrDefault(user) >= _options.ConnectionsPerUser)
                return new ProtocolError(ReasonCode.QuotaExceeded, $"the user has {_options.ConnectionsPerUser} connections, the limit");
            if (address is not null && _options.ConnectionsPerAddress > 0 && _addresses.GetValueOrDefault(address) >= _options.ConnectionsPerAddress)
                return new ProtocolError(ReasonCode.QuotaExceeded, $"the address has {_options.ConnectionsPerAddress} connections, the limit");
            if (user is not null && _options.ConnectionsPerUser > 0)
                _users[user] = _users.GetValueOrDefault(user) + 1;
            if (address is not null && _options.ConnectionsPerAddress > 0)
                _addresses[address] = _addresses.GetValueOrDefault(address) + 1;
            return default;
        }
    }

    /// <summary>Forgets a connection that was entered.</summary>
    public void Leave(string? user, IPAddress? address)
    {
        lock (_gate)
        {
            if (user is not null)
                Decrease(_users, user);
            if (address is not null)
                Decrease(_addresses, address);
        }
    }

    private static void Decrease<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (!counts.TryGetValue(key, out int count))
            return;
        if (count > 1)
            counts[key] = count - 1;
        else
            counts.Remove(key);
    }

    private bool TryTakeRateOf(IPAddress? address, long now)
    {
        if (address is null || _options.ConnectRatePerAddress == 0)
            return true;
        if (!_rates.TryGetValue(address, out TokenBucket bucket))
        {
            if (_rates.Count >= _options.TrackedAddresses && !ForgetQuiet(now))
                return false;
            bucket = new TokenBucket(_options.ConnectRatePerAddress, _options.RateBurst, now);
        }

        bool taken = bucket.HasAny(now, _clock);
        if (taken)
            bucket.Take(1);
        _rates[address] = bucket;
        return taken;
    }

    /// <summary>Drops the addresses whose rate has recovered; false when there was none.</summary>
    private bool ForgetQuiet(long now)
    {
        List<IPAddress> quiet = [];
        foreach ((IPAddress address, TokenBucket bucket) in _rates)
        {
            TokenBucket filled = bucket;
            filled.HasAny(now, _clock);
            if (filled.IsFull)
                quiet.Add(address);
        }

        foreach (IPAddress address in quiet)
            _rates.Remove(address);
        return quiet.Count > 0;
    }
}
