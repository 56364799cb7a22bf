using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Access.Scram;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>An exchange of AUTH packets: of a CONNECT, which waits for it, or of a connection that proves itself anew.</summary>
/// <param name="ClientId">Whose it is.</param>
/// <param name="Scram">Where the exchange stands.</param>
/// <param name="Connect">The body of the CONNECT that waits; empty in a re-authentication.</param>
public sealed record EnhancedExchange(string ClientId, ScramExchange Scram, byte[] Connect);

/// <summary>What an exchange ended with.</summary>
/// <param name="Identity">Who the client is.</param>
/// <param name="Method">Authentication method of the CONNECT, and of all that follows.</param>
/// <param name="Last">The server's last message, for the CONNACK.</param>
public sealed record ProvenIdentity(Identity Identity, string Method, byte[] Last);
