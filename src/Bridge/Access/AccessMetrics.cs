using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>What access control counts; meter <c>ProtoBridgeMQ.Access</c>.</summary>
internal sealed class AccessMetrics : IDisposable
{
    private readonly Meter _meter = new("ProtoBridgeMQ.Access");
    private readonly Counter<long> _refused;
    private readonly Counter<long> _authentications;
    private readonly Counter<long> _reloads;

    public AccessMetrics(AccessControl control)
    {
        _refused = _meter.CreateCounter<long>("protobridge.access.refused", "{refusal}", "What access control refused, by action");
        _authentications = _meter.CreateCounter<long>("protobridge.access.authentications", "{check}", "Clients whose credentials were checked, by result");
        _reloads = _meter.CreateCounter<long>("protobridge.access.reloads", "{file}", "Changed files that were read again, by result");
        if (!control.IsOpen)
        {
            _meter.CreateObservableUpDownCounter("protobridge.access.users", () => control.UserCount, "{user}", "Users of the users file");
            _meter.CreateObservableUpDownCounter("protobridge.access.rules", () => control.RuleCount, "{rule}", "Rules in force");
            _meter.CreateObservableUpDownCounter("protobridge.access.password_checks", () => control.WaitingPasswordChecks, "{check}", "Passwords that are checked or wait for it");
        }
    }

    public void Refused(string action) => _refused.Add(1, new KeyValuePair<string, object?>("action", action));

    public void Authenticated(in Authentication answer) => Authenticated(answer.Identity is { } identity ? identity.Proof.ToString() : answer.Rejection.ToString());

    public void Authenticated(string result) => _authentications.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Reloaded(bool good) => _reloads.Add(1, new KeyValuePair<string, object?>("result", good ? "used" : "refused"));

    public void Dispose() => _meter.Dispose();
}
