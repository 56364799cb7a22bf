using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>When a message is to come and until when it is of use, as it is read member by member: <c>delay</c> or <c>at</c>, and <c>expires</c>.</summary>
/// <param name="clock">What "now" is; asked only when a time is there.</param>
internal struct PublishTimes(TimeProvider clock)
{
    private bool _isSet;

    /// <summary>How long it is to wait.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>Whether a member of that name is one of these; then it was read.</summary>
    /// <param name="name">Name of the member.</param>
    /// <param name="where">Words before the name, for refusals.</param>
    /// <param name="value">Its text.</param>
    /// <param name="properties">Where the expiry goes.</param>
    public bool TryRead(ReadOnlySpan<char> name, string where, string value, ref PropertyTextWriter properties)
    {
        switch (name)
        {
            case "delay":
                Set(Durations.Read(where + "delay", value, default, TimeSpan.MaxValue), where);
                return true;
            case "at":
                Set(Times.Until(Times.Read(where + "at", value), clock.GetUtcNow()), where);
                return true;
            case "expires":
                MessageFields.WriteExpiry(Times.ReadFromNow(where + "expires", value, clock.GetUtcNow()), ref properties);
                return true;
            default:
                return false;
        }
    }

    private void Set(TimeSpan delay, string where)
    {
        if (_isSet)
            throw RefusalException.Invalid($"{where}a message has one of delay and at, once.");

        _isSet = true;
        Delay = delay;
    }
}
