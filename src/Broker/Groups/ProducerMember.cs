using ProtoBridgeMQ.Broker.RequestReply;
using ProtoBridgeMQ.Broker.Transactions;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary>A producer as its heartbeat named it, and the way to reach it.</summary>
public abstract class ProducerMember
{
    /// <summary>The producer group.</summary>
    public required string Group { get; init; }

    /// <summary>The client.</summary>
    public required string ClientId { get; init; }

    /// <summary>Where it is, for listings.</summary>
    public string Address { get; init; } = "unknown";

    /// <summary>Its language as it says, a name of RocketMQ's.</summary>
    public string Language { get; init; } = "OTHER";

    /// <summary>Protocol version number as it says.</summary>
    public int Version { get; init; }

    /// <summary>Its last heartbeat, Unix milliseconds.</summary>
    public long HeardAt { get; init; }

    /// <summary>What tells its connection from others.</summary>
    public abstract object ConnectionKey { get; }

    /// <summary>Closes its connection; false for a producer that has none of its own.</summary>
    public virtual bool TryDisconnect() => false;

    /// <summary>Asks what became of a transaction; the answer comes as a request of its own. False when it cannot be asked now.</summary>
    public abstract bool TryAsk(in TransactionQuestion question);

    /// <summary>Hands it the reply to a request of its; false when it does not take it.</summary>
    public virtual ValueTask<bool> TryReplyAsync(BrokerReply reply) => new(false);
}
