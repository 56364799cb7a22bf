namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Which queue a send goes to: any, a given one, or the one of an ordering hash.</summary>
internal readonly record struct SendTarget(MessageQueue? Queue, int? Hash)
{
    public static SendTarget Any => default;

    /// <summary>Whether another queue may be tried after a failure: order and a given queue do not allow it.</summary>
    public bool MayMove => Queue is null && Hash is null;
}
