namespace ProtoBridgeMQ.Client.Sending;

/// <summary>A property of RocketMQ's own that the client adds to a message.</summary>
internal readonly record struct SystemProperty(string Name, string Value);
