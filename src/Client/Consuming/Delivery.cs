namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>A message on its way to the handler, the queue that waits for it, and in which of the queue's readings it was read.</summary>
internal readonly record struct Delivery(QueuePull Source, ReceivedMessage Message, int Reading)
{
    /// <summary>Whether the queue still waits for it: it was not given up, locked anew or set to another offset meanwhile.</summary>
    public bool IsWanted => Source.Wants(Reading);

    /// <summary>It is handled, was sent back, or is not wanted.</summary>
    public void Complete() => Source.Complete(Message, Reading);
}
