namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>A message as mosquitto_sub printed it.</summary>
internal sealed record MosquittoMessage(string Topic, string Qos, bool Retain, string UserProperties, string ContentType, string Body);
