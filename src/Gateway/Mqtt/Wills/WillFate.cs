namespace ProtoBridgeMQ.Gateway.Mqtt.Wills;

/// <summary>What the end of a connection means for its will.</summary>
public enum WillFate
{
    /// <summary>It is published, after its delay: the connection ended without a DISCONNECT of reason 0 [MQTT-3.1.2-8].</summary>
    Publish,

    /// <summary>It is deleted: the client said goodbye [MQTT-3.14.4-3].</summary>
    Delete,

    /// <summary>It stays for the next start: the server stops, and may defer it (3.1.2.5).</summary>
    Defer,
}
