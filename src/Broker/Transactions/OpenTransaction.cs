namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>A half message that no op message names. Its table's lock is held wherever it is changed.</summary>
internal sealed class OpenTransaction
{
    /// <summary>Place of its newest copy in the queue of half messages.</summary>
    public long Place { get; set; }

    /// <summary>The newest copy that is durable and can be read.</summary>
    public long Confirmed { get; set; }

    /// <summary>Where the confirmed copy is in the commit log.</summary>
    public long PhysicalOffset { get; set; }

    /// <summary>When it was made, or stored when that was earlier; Unix milliseconds.</summary>
    public long Since { get; init; }

    /// <summary>Places of copies before the newest.</summary>
    public List<long>? Earlier { get; set; }

    /// <summary>How it is being ended; null while it is not.</summary>
    public TransactionResult? Ending { get; set; }

    /// <summary>Completes when its end is durable: true, or false when that is unknown.</summary>
    public Task<bool>? Ended { get; set; }
}
