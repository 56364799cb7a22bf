using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store;

/// <summary>
/// One message to append. All spans are borrowed until <see cref="MessageStore.Append"/> returns.
/// The store adds: total size, magic, CRC of the body, queue offset, physical offset, store time, store host,
/// and the host flags of the system flag.
/// </summary>
public readonly ref struct MessageToStore
{
    /// <summary>Topic, UTF-8; more than 127 bytes makes a record of the second version.</summary>
    public required ReadOnlySpan<byte> Topic { get; init; }

    /// <summary>Queue in the topic.</summary>
    public required int QueueId { get; init; }

    /// <summary>Body as it is kept (compressed when <see cref="SysFlag"/> says so).</summary>
    public required ReadOnlySpan<byte> Body { get; init; }

    /// <summary>Property text, UTF-8: name 0x01 value 0x02 and so on; see <see cref="PropertyText"/>.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>Flag of the producer, opaque to the broker.</summary>
    public int Flag { get; init; }

    /// <summary>System flag; see <see cref="MessageSysFlag"/>.</summary>
    public int SysFlag { get; init; }

    /// <summary>When the producer made the message, Unix milliseconds.</summary>
    public long BornTimestamp { get; init; }

    /// <summary>Where the message came from.</summary>
    public HostAddress BornHost { get; init; }

    /// <summary>How often consumers sent it back.</summary>
    public int ReconsumeTimes { get; init; }

    /// <summary>Offset of the half message that a commit or rollback settles.</summary>
    public long PreparedTransactionOffset { get; init; }
}
