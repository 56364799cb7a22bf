using ProtoBridgeMQ.Bridge.Access.Rules;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>
/// What one client may do: the rules that concern it, compiled once, and again when the files have changed.
/// Decisions allocate nothing.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class ClientRights
{
    private readonly AccessControl _control;
    private volatile Compiled _compiled;

    internal ClientRights(AccessControl control, Identity identity, string clientId)
    {
        _control = control;
        Identity = identity;
        ClientId = clientId;
        _compiled = Compile();
    }

    /// <summary>Who it is.</summary>
    public Identity Identity { get; }

    /// <summary>Its client identifier; empty where the protocol has none.</summary>
    public string ClientId { get; }

    /// <summary>Whether it may connect under its client identifier.</summary>
    public Decision MayConnect => Current.Connect;

    private CompiledRules Current => IsExpired ? CompiledRules.Nothing : OfIdentity;

    /// <summary>As the rules are now, whether the proof has run out or not.</summary>
    private CompiledRules OfIdentity
    {
        get
        {
            Compiled compiled = _compiled;
            if (compiled.Version != _control.Version)
            {
                _compiled = compiled = Compile();
            }

            return compiled.Rules;
        }
    }

    /// <summary>Whether the proof of who it is has run out: it may do nothing any more.</summary>
    public bool IsExpired => Identity.Expires is { } end && _control.Now > end;

    /// <summary>Whether it may publish under a topic name.</summary>
    /// <param name="topic">MQTT topic name in UTF-8.</param>
    public Decision MayPublish(ReadOnlySpan<byte> topic) => Current.Publish(topic);

    /// <summary>Whether its last will may be published under a topic name. That its proof has run out meanwhile is no reason against it.</summary>
    /// <param name="topic">MQTT topic name in UTF-8.</param>
    public Decision MayLeave(ReadOnlySpan<byte> topic) => OfIdentity.Publish(topic);

    /// <summary>
    /// Whether it may subscribe to a filter: yes when a rule allows all of it. A filter of which a rule denies only a
    /// part is allowed; <see cref="MayReceive"/> leaves that part out.
    /// </summary>
    /// <param name="filter">MQTT topic filter in UTF-8, without <c>$share/group/</c>.</param>
    public Decision MaySubscribe(ReadOnlySpan<byte> filter) => Current.Subscribe(filter);

    /// <summary>
    /// Whether it may receive all that a filter matches: where a group shares the messages, none can be left out for one
    /// of its members.
    /// </summary>
    /// <param name="filter">MQTT topic filter in UTF-8.</param>
    public Decision MayConsume(ReadOnlySpan<byte> filter) => Current.Consume(filter);

    /// <summary>Whether a message of that name may be sent to it now.</summary>
    /// <param name="topic">MQTT topic name in UTF-8.</param>
    public bool MayReceive(ReadOnlySpan<byte> topic)
    {
        CompiledRules rules = Current;
        return rules.ReceivesAll || rules.Receive(topic).IsAllowed;
    }

    /// <summary>Whether it may manage what a filter names.</summary>
    /// <param name="filter">MQTT topic filter in UTF-8; <c>#</c> for everything.</param>
    public Decision MayManage(ReadOnlySpan<byte> filter) => Current.Manage(filter);

    private Compiled Compile()
    {
        int version = _control.Version;
        return new Compiled(version, _control.Compile(Identity, ClientId));
    }

    private sealed record Compiled(int Version, CompiledRules Rules);
}
