using System.Text;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>A topic's settings. A change makes a new value.</summary>
public sealed record BrokerTopic
{
    /// <summary>Permission to read.</summary>
    public const int Read = 4;

    /// <summary>Permission to write.</summary>
    public const int Write = 2;

    /// <summary>Permission to inherit settings from (the default topic).</summary>
    public const int Inherit = 1;

    private byte[] _utf8 = [];
    private int _turn;

    /// <summary>Its name.</summary>
    public required string Name
    {
        get;
        init
        {
            field = value;
            _utf8 = Encoding.UTF8.GetBytes(value);
            IsRetry = value.StartsWith("%RETRY%", StringComparison.Ordinal);
        }
    }

    /// <summary>Queues that are read.</summary>
    public int ReadQueues { get; init; } = 8;

    /// <summary>Queues that are written.</summary>
    public int WriteQueues { get; init; } = 8;

    /// <summary>Permissions: read 4, write 2, inherit 1.</summary>
    public int Permissions { get; init; } = Read | Write;

    /// <summary>SINGLE_TAG or MULTI_TAG.</summary>
    public string FilterType { get; init; } = "SINGLE_TAG";

    /// <summary>System flag of the topic.</summary>
    public int SystemFlag { get; init; }

    /// <summary>Whether it was created for ordered messages.</summary>
    public bool Ordered { get; init; }

    /// <summary>Attributes, as RocketMQ 5 has them.</summary>
    public TopicAttributes Attributes { get; init; } = TopicAttributes.None;

    /// <summary>Whether the latest message of each key is kept.</summary>
    public bool IsCompacted => Attributes.IsCompacted;

    /// <summary>Whether it may be read.</summary>
    public bool IsReadable => (Permissions & Read) != 0;

    /// <summary>Whether it may be written.</summary>
    public bool IsWritable => (Permissions & Write) != 0;

    /// <summary>Whether it is one of the broker's own: not a user's, a retry or a dead-letter topic.</summary>
    public bool IsSystem { get; init; }

    /// <summary>Whether it is the retry topic of a group.</summary>
    public bool IsRetry { get; private init; }

    /// <summary>Whether a user made it: what a tail subscription to everything means.</summary>
    public bool IsUser => !IsSystem
        && !IsRetry
        && !Name.StartsWith("%DLQ%", StringComparison.Ordinal);

    /// <summary>Its name in UTF-8.</summary>
    public ReadOnlySpan<byte> NameUtf8 => _utf8;

    /// <summary>The queue that a message goes to whose sender does not care.</summary>
    public int NextQueue() =>
        WriteQueues <= 1 ? 0 : (int)((uint)Interlocked.Increment(ref _turn) % (uint)WriteQueues);

    /// <summary>Whether the settings are equal; the turn of the queues is no setting.</summary>
    public bool Equals(BrokerTopic? other) => other is not null
        && Name == other.Name
        && ReadQueues == other.ReadQueues
        && WriteQueues == other.WriteQueues
        && Permissions == other.Permissions
        && FilterType == other.FilterType
        && SystemFlag == other.SystemFlag
        && Ordered == other.Ordered
        && Attributes.Equals(other.Attributes);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}
