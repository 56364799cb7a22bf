using System.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>
/// The properties that a broker of RocketMQ adds to what clients send: region, trace switch and cluster. Without a region
/// consumers write no traces; without a cluster they cannot reply.
/// </summary>
internal sealed class BrokerStamp(BrokerOptions options)
{
    /// <summary>The region that the broker is in.</summary>
    public const string Region = "DefaultRegion";

    private readonly byte[] _cluster = Encoding.UTF8.GetBytes(options.Cluster);
    private readonly byte[] _text = Encoding.UTF8.GetBytes($"MSG_REGION\u0001{Region}\u0002TRACE_ON\u0001true\u0002CLUSTER\u0001{options.Cluster}\u0002");

    private static ReadOnlySpan<byte> Cluster => "CLUSTER"u8;

    /// <summary>Bytes that <see cref="Write"/> needs for these properties; 0 when they stay as they are: they have them, or have no room.</summary>
    public int Needs(ReadOnlySpan<byte> properties)
    {
        int length = properties.Length + 1 + _text.Length;
        bool stays = length + RecordCrc.Size > MessageRecord.MaxProperties
            || (properties.IndexOf(Cluster) >= 0 && PropertyText.TryGet(properties, Cluster, out ReadOnlySpan<byte> cluster) && cluster.SequenceEqual(_cluster));
        return stays ? 0 : length;
    }

    /// <summary>Writes the properties and the broker's; how many bytes.</summary>
    public int Write(Span<byte> destination, ReadOnlySpan<byte> properties)
    {
        properties.CopyTo(destination);
        int length = properties.Length;
        if (length > 0 && properties[^1] != PropertyText.PropertySeparator)
        {
            destination[length++] = PropertyText.PropertySeparator;
        }

        _text.CopyTo(destination[length..]);
        return length + _text.Length;
    }
}
