using System.Net;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>
/// One message to store. Everything is borrowed for the synchronous part of the call only: the append copies it
/// before <see cref="IBrokerCore.SendAsync"/> returns.
/// </summary>
public readonly ref struct SendRequest
{
    /// <summary>The topic, found or created with <see cref="ITopics.Resolve"/>.</summary>
    public required BrokerTopic Topic { get; init; }

    /// <summary>The queue, or -1: the broker takes it from <see cref="OrderingHash"/>, or in turn.</summary>
    public int QueueId { get; init; }

    /// <summary>With queue id -1: messages of equal hash go to one queue. Null: queues in turn.</summary>
    public int? OrderingHash { get; init; }

    /// <summary>Flag of the sender's; kept as it is.</summary>
    public int Flag { get; init; }

    /// <summary>System flag as the sender set it (compression and so on).</summary>
    public int SystemFlag { get; init; }

    /// <summary>When the sender made the message, in Unix milliseconds.</summary>
    public long BornTime { get; init; }

    /// <summary>Where the sender is.</summary>
    public required IPEndPoint BornHost { get; init; }

    /// <summary>How often it was consumed without success.</summary>
    public int ReconsumeTimes { get; init; }

    /// <summary>To a retry topic: tries after which it becomes a dead letter; null: the group's own setting.</summary>
    public int? MaxReconsumeTimes { get; init; }

    /// <summary>Delay level from 1; 0 for none. Zero also lets a DELAY property in <see cref="Properties"/> decide.</summary>
    public int DelayLevel { get; init; }

    /// <summary>When to deliver, Unix milliseconds; 0 lets the TIMER properties in <see cref="Properties"/> decide. A delay level goes before it.</summary>
    public long DeliverAt { get; init; }

    /// <summary>Whether it is the half message of a transaction when its properties say so; otherwise such a message is refused.</summary>
    public bool MayBeHalf { get; init; }

    /// <summary>Property text in UTF-8: name 0x01 value 0x02 and so on.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>The body.</summary>
    public ReadOnlySpan<byte> Body { get; init; }
}

/// <summary>A consumer gives a message back to be delivered again later, or to be put aside.</summary>
public readonly ref struct SendBackRequest
{
    /// <summary>The consumer group.</summary>
    public required string Group { get; init; }

    /// <summary>Where the record is in the commit log.</summary>
    public required long PhysicalOffset { get; init; }

    /// <summary>Delay level; 0: chosen by the number of tries (3 + tries); below 0: to the dead letters at once.</summary>
    public int DelayLevel { get; init; }

    /// <summary>When to deliver it again, Unix milliseconds, instead of a delay level; 0 for none. Needs timers.</summary>
    public long DeliverAt { get; init; }

    /// <summary>True: deliver again without delay, whatever <see cref="DelayLevel"/> says (a gateway lease ran out).</summary>
    public bool WithoutDelay { get; init; }

    /// <summary>Tries after which it becomes a dead letter; null or negative: the group's own setting.</summary>
    public int? MaxReconsumeTimes { get; init; }
}

/// <summary>A producer calls a message back that waits for its time.</summary>
public readonly ref struct RecallRequest
{
    /// <summary>Topic of the message.</summary>
    public required BrokerTopic Topic { get; init; }

    /// <summary>Its unique key.</summary>
    public required string UniqueKey { get; init; }

    /// <summary>The time that its recall handle has, Unix milliseconds.</summary>
    public required long Time { get; init; }

    /// <summary>The producer's group.</summary>
    public string? ProducerGroup { get; init; }

    /// <summary>Where the producer is.</summary>
    public required IPEndPoint BornHost { get; init; }
}
