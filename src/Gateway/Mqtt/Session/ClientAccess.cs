using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What one connection is allowed: who it is, its rights, and how fast it may publish.</summary>
/// <remarks>Its reader changes it; <see cref="MayReceive"/> is asked by whoever delivers.</remarks>
public sealed class ClientAccess
{
    private readonly MqttShared _shared;
    private readonly IPEndPoint? _remote;
    private volatile ClientRights? _rights;
    private TokenBucket _messages;
    private TokenBucket _bytes;
    private (string? User, IPAddress? Address)? _entered;

    public ClientAccess(MqttShared shared, IPEndPoint? remote, X509Certificate2? certificate)
    {
        _shared = shared;
        _remote = remote;
        Certificate = certificate;
        long now = shared.Clock.GetTimestamp();
        _messages = new TokenBucket(shared.Options.PublishRate, shared.Options.RateBurst, now);
        _bytes = new TokenBucket(shared.Options.PublishByteRate, shared.Options.RateBurst, now);
    }

    /// <summary>The client's certificate, which TLS has checked; null for none.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>An exchange of AUTH packets at work; null for none.</summary>
    public EnhancedExchange? Exchange { get; set; }

    /// <summary>What such an exchange of the CONNECT ended with; null when there was none.</summary>
    public ProvenIdentity? Proven { get; set; }

    /// <summary>From the admission on; null where there is no access control.</summary>
    public ClientRights? Rights => _rights;

    /// <summary>Gives the client its rights.</summary>
    public void Grant(Identity identity, string clientId) => _rights = _shared.Access.IsOpen ? null : _shared.Access.RightsOf(identity, clientId);

    /// <summary>The client identifier is known, given or assigned.</summary>
    public void Named(string clientId)
    {
        if (_rights is { } rights && rights.ClientId != clientId)
            Grant(rights.Identity, clientId);
    }

    /// <summary>Enters it among the connections of its user and address.</summary>
    public ProtocolError TryEnter()
    {
        (string? User, IPAddress? Address) who = (_rights is { Identity.IsAnonymous: false } rights ? rights.Identity.User : null, _remote?.Address);
        ProtocolError error = _shared.Limits.TryEnter(who.User, who.Address);
        if (!error.IsError)
            _entered = who;
        return error;
    }

    /// <summary>The connection has ended.</summary>
    public void Leave()
    {
        if (_entered is { } who)
            _shared.Limits.Leave(who.User, who.Address);
        _entered = null;
    }

    /// <summary>Counts its CONNECT; false when they come too fast.</summary>
    public bool TryTakeConnectRate() => _shared.Limits.TryTakeRate(_remote?.Address);

    /// <summary>Whether it may publish under a name; no: the refusal is told.</summary>
    public bool MayPublish(ReadOnlySpan<byte> topic, string action = "publish")
        => _rights is not { } rights || Judge(rights, rights.MayPublish(topic), action, topic);

    /// <summary>Whether its will may still be published, as the rules are now; no: the refusal is told.</summary>
    public bool MayLeave(ReadOnlySpan<byte> topic)
        => _rights is not { } rights || Judge(rights, rights.MayLeave(topic), "will", topic);

    /// <summary>Whether it may subscribe to a filter, shared or not; no: the refusal is told.</summary>
    public bool MaySubscribe(ReadOnlySpan<byte> filter)
    {
        if (_rights is not { } rights)
            return true;
        // A group shares its messages: none can be left out for one of its members.
        return TopicRules.IsShared(filter) && TopicRules.TrySplitShared(filter, out _, out ReadOnlySpan<byte> within)
            ? Judge(rights, rights.MayConsume(within), "subscribe", filter)
            : Judge(rights, rights.MaySubscribe(filter), "subscribe", filter);
    }

    /// <summary>Whether a message of that name may be sent to it now; no: it is counted.</summary>
    public bool MayReceive(ReadOnlySpan<byte> topic)
    {
        if (_rights is not { } rights || rights.MayReceive(topic))
            return true;
        _shared.Access.Audit.Withheld();
        _shared.Metrics.Dropped("not-authorized");
        return false;
    }

    /// <summary>Tells a refusal.</summary>
    public void Refused(string action, string user, string clientId, string what, string why)
        => _shared.Access.Audit.Refused(action, user, clientId, _remote, what, why);

    /// <summary>Before version 5 nothing can be said of rates: reading stops, and <see cref="WaitForRateAsync"/> waits.</summary>
    public bool MayReadOn(ProtocolVersion version, int bytes) => version == ProtocolVersion.Mqtt5 || TryTakeRate(bytes);

    /// <summary>Waits until the rates let another PUBLISH in.</summary>
    public async ValueTask WaitForRateAsync(int bytes, CancellationToken cancellationToken)
    {
        while (!TryTakeRate(bytes))
        {
            _shared.Metrics.Limited("publish-rate");
            TimeSpan wait = _messages.Wait > _bytes.Wait ? _messages.Wait : _bytes.Wait;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), _shared.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What the rates say to a PUBLISH of an MQTT 5 client.</summary>
    public (ReasonCode Reason, string Text) JudgeRate(byte qos, int bytes)
    {
        if (TryTakeRate(bytes))
            return default;
        _shared.Metrics.Limited("publish-rate");
        // A PUBACK has no 0x96.
        return (qos == 0 ? ReasonCode.MessageRateTooHigh : ReasonCode.QuotaExceeded, "more PUBLISHes a second than allowed");
    }

    private bool TryTakeRate(int bytes)
    {
        long now = _shared.Clock.GetTimestamp();
        if (!_messages.HasAny(now, _shared.Clock) || !_bytes.HasAny(now, _shared.Clock))
            return false;
        _messages.Take(1);
        _bytes.Take(bytes);
        return true;
    }

    private bool Judge(ClientRights rights, Decision decision, string action, ReadOnlySpan<byte> what)
    {
        if (decision.IsAllowed)
            return true;
        Refused(action, rights.Identity.Name, rights.ClientId, Encoding.UTF8.GetString(what), decision.Rule);
        return false;
    }
}
