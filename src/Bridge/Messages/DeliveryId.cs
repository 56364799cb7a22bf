namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>One delivery of one message to one group; unique in the life of the bridge. 0 is none.</summary>
public readonly record struct DeliveryId(long Value);
