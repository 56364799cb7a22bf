using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary><c>$share/name/filter</c>, read.</summary>
/// <param name="Whole">As the client wrote it, UTF-8.</param>
/// <param name="Group">The RocketMQ group of the share name.</param>
/// <param name="Filter">What follows the share name, UTF-8.</param>
public sealed record SharedFilter(byte[] Whole, string Group, byte[] Filter)
{
    /// <summary>For logs.</summary>
    public string Text => Encoding.UTF8.GetString(Whole);

    /// <summary>Reads it.</summary>
    /// <param name="whole">It begins with <c>$share/</c>.</param>
    /// <param name="shared">The parts.</param>
    /// <returns>Why it is refused; success otherwise.</returns>
    public static ProtocolError TryRead(ReadOnlySpan<byte> whole, out SharedFilter? shared)
    {
        shared = null;
        if (!TopicRules.TrySplitShared(whole, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> filter))
            return new ProtocolError(ReasonCode.TopicFilterInvalid, "a shared subscription is $share/name/filter");
        MqttTopicName cut = MqttTopicName.Cut(filter);
        if (cut.IsRaw && TopicFilter.HasWildcard(cut.Head))
            return new ProtocolError(ReasonCode.WildcardSubscriptionsNotSupported, "a group consumes named topics: no wildcard in the level behind $rmq/");
        if (cut.Head.SequenceEqual("$SYS"u8))
            return new ProtocolError(ReasonCode.TopicFilterInvalid, "$SYS is told to everybody: it cannot be shared");
        try
        {
            shared = new SharedFilter(whole.ToArray(), ShareName.ToGroup(name), filter.ToArray());
            return default;
        }
        catch (BridgeException refused)
        {
            return new ProtocolError(ReasonCode.TopicFilterInvalid, refused.Message);
        }
    }
}
