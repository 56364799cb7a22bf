namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>A message on its way to the handler, and the queue that waits for it.</summary>
internal readonly record struct Delivery(QueuePull Source, ReceivedMessage Message);
