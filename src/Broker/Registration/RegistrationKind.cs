namespace ProtoBridgeMQ.Broker.Registration;

/// <summary>What a broker tells a name server.</summary>
internal enum RegistrationKind
{
    /// <summary>All topics.</summary>
    Whole,

    /// <summary>Topics that changed.</summary>
    Change,

    /// <summary>Whether it knows the topics as they are.</summary>
    Question,

    /// <summary>That the broker lives.</summary>
    Heartbeat,
}
