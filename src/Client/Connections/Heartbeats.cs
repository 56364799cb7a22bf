using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Routing;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>A member of a consumer group, as heartbeats describe it.</summary>
internal interface IHeartbeatMember
{
    string Group { get; }

    /// <summary>What brokers are told; null while there is nothing to tell.</summary>
    ConsumerData? Describe();

    /// <summary>A broker said that the group has other members now.</summary>
    void MembersChanged();

    /// <summary>A broker said that an operator set the group's progress.</summary>
    void OffsetsReset(IReadOnlyDictionary<MessageQueue, long> offsets)
    {
    }
}

/// <summary>Tells every broker of the topics in use which groups this client is in: every so often, and at once when that changes.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class Heartbeats(
    string clientId, RouteCache routes, RemoteCalls calls, ClientOptions options, ILogger log, CancellationToken stopped)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IHeartbeatMember> _members = new(StringComparer.Ordinal);
    private readonly WakeSignal _wake = new();
    private readonly BrokerVersions _versions = new();

    public Task Ended { get; private set; } = Task.CompletedTask;

    public void Start()
    {
        routes.Changed += Wake;
        Ended = BeatAsync();
    }

    /// <summary>Sends a heartbeat soon.</summary>
    public void Wake() => _wake.Set();

    public void AddProducer(string group)
    {
        lock (_gate)
        {
            _producers[group] = _producers.GetValueOrDefault(group) + 1;
        }

        Wake();
    }

    /// <summary>True when it was the last producer of the group.</summary>
    public bool RemoveProducer(string group)
    {
        lock (_gate)
        {
            int left = _producers.GetValueOrDefault(group) - 1;
            if (left > 0)
            {
                _producers[group] = left;
                return false;
            }

            return _producers.Remove(group);
        }
    }

    public void AddMember(IHeartbeatMember member)
    {
        lock (_gate)
        {
            if (!_members.TryAdd(member.Group, member))
            {
                throw new InvalidOperationException(
                    $"This connection is a member of group {member.Group} already. A second consumer of a group in one process needs a ClusterConnection of its own.");
            }
        }
    }

    public void RemoveMember(IHeartbeatMember member)
    {
        lock (_gate)
        {
            if (_members.TryGetValue(member.Group, out IHeartbeatMember? known) && ReferenceEquals(known, member))
            {
                _members.Remove(member.Group);
            }
        }
    }

    public void MembersChanged(string group) => Member(group)?.MembersChanged();

    public void OffsetsReset(string group, IReadOnlyDictionary<MessageQueue, long> offsets) => Member(group)?.OffsetsReset(offsets);

    /// <summary>Sends a heartbeat to every broker, and completes when all answered or failed.</summary>
    public Task BeatOnceAsync(CancellationToken cancellationToken)
    {
        HeartbeatData data = Describe();
        if (data.Consumers.Count == 0 && data.Producers.Count == 0)
        {
            return Task.CompletedTask;
        }

        byte[] body = LenientJson.Write(data, RemotingJson.Bodies.HeartbeatData);
        return Task.WhenAll(Addresses(mastersOnly: data.Consumers.Count == 0).Select(address => SendAsync(address, body, cancellationToken)));
    }

    /// <summary>What a broker has said of itself; null while it has not answered a heartbeat.</summary>
    public BrokerTraits? KnownTraits(string address) => _versions.Find(address);

    /// <summary>What sends must know of a broker; it is asked unless it has answered a heartbeat already.</summary>
    /// <exception cref="ProtoBridgeMqException">It does not answer.</exception>
    public async ValueTask<BrokerTraits> TraitsAsync(string address, CancellationToken cancellationToken)
    {
        if (_versions.Find(address) is { } known)
        {
            return known;
        }

        try
        {
            await TellAsync(address, LenientJson.Write(Describe(), RemotingJson.Bodies.HeartbeatData), cancellationToken).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            throw CallErrors.WithoutEffect(error);
        }

        return _versions.Find(address) ?? new BrokerTraits(HasTimers: true, NeedsBody: false);
    }

    /// <summary>Tells every broker that this client leaves a group.</summary>
    public Task LeaveAsync(string? producerGroup, string? consumerGroup, CancellationToken cancellationToken)
    {
        var header = new UnregisterClientRequestHeader { ClientId = clientId, ProducerGroup = producerGroup, ConsumerGroup = consumerGroup };
        return Task.WhenAll(Addresses(mastersOnly: consumerGroup is null).Select(address => LeaveAsync(address, header, cancellationToken)));
    }

    private IHeartbeatMember? Member(string group)
    {
        lock (_gate)
        {
            return _members.GetValueOrDefault(group);
        }
    }

    private IEnumerable<string> Addresses(bool mastersOnly)
        => routes.Brokers
            .SelectMany(broker => broker.Addresses)
            .Where(address => !mastersOnly || address.Key == 0)
            .Select(address => address.Value)
            .Distinct();

    private async Task LeaveAsync(string address, UnregisterClientRequestHeader header, CancellationToken cancellationToken)
    {
        try
        {
            using RemotingResponse response = await calls
                .RequireAsync(address, RequestCode.UnregisterClient, header, default, options.RequestTimeout, "Leaving a group", cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (error is ProtoBridgeMqException or ObjectDisposedException)
        {
            log.UnregisterFailed(header.ConsumerGroup ?? header.ProducerGroup ?? string.Empty, address, error.Message);
        }
    }

    private async Task SendAsync(string address, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            await TellAsync(address, body, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            log.HeartbeatFailed(address, error.Message);
        }
    }

    private async Task TellAsync(string address, byte[] body, CancellationToken cancellationToken)
    {
        using RemotingResponse response = await calls
            .RequireAsync(address, RequestCode.Heartbeat, default(EmptyFields), body, options.RequestTimeout, "A heartbeat", cancellationToken)
            .ConfigureAwait(false);
        _versions.Learned(address, response.Header.Language, response.Header.Version);
    }

    private HeartbeatData Describe()
    {
        lock (_gate)
        {
            return new HeartbeatData
            {
                ClientId = clientId,
                Producers = [.. _producers.Keys.Select(group => new ProducerData { GroupName = group })],
                Consumers = [.. _members.Values.Select(member => member.Describe()).OfType<ConsumerData>()],
            };
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(options.HeartbeatInterval, options.TimeProvider, stopped).ConfigureAwait(false);
                await BeatOnceAsync(stopped).ConfigureAwait(false);
                _versions.Keep([.. Addresses(mastersOnly: false)]);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception defect)
        {
            log.BackgroundDefect(defect);
            throw;
        }
    }
}
