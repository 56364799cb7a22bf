namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// Something durable that belongs to a session and is kept beside its record, under <see cref="SessionSpaces.KeyOf"/> in
/// a space of its own. Registered as a service; all of them are asked.
/// </summary>
public interface ISessionPart
{
    /// <summary>
    /// The session has ended: a clean start discarded it, its time was over, or it ended with its connection. What
    /// belongs to it is removed. The session's record is removed after this completes; it may be called again after a crash.
    /// </summary>
    ValueTask OnSessionEndedAsync(string clientId, CancellationToken cancellationToken);
}
