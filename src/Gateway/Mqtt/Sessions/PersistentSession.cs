namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>A session that outlives its connection, while this gateway has the connection.</summary>
public sealed class PersistentSession
{
    public PersistentSession(string clientId, SessionRecord record, bool isPresent)
    {
        ClientId = clientId;
        Key = SessionSpaces.KeyOf(clientId);
        Record = record;
        IsPresent = isPresent;
    }

    public string ClientId { get; }

    /// <summary>What its durable parts are kept under.</summary>
    public string Key { get; }

    /// <summary>Whether it was there before this connection: Session Present [MQTT-3.2.2-2].</summary>
    public bool IsPresent { get; }

    /// <summary>As it is kept. Changed by the connection's reader alone.</summary>
    public SessionRecord Record { get; set; }

    /// <summary>Whether another connection, here or at another gateway, has it now: nothing of it is written any more.</summary>
    public bool IsLost { get; set; }
}
