using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>What a trace says of a message.</summary>
/// <param name="Id">Its sender's id when it has one, else where it lies.</param>
/// <param name="OffsetId">Where it lies.</param>
/// <param name="Tag">Its tag, or null.</param>
/// <param name="Keys">Its keys, divided by spaces, or null.</param>
internal readonly record struct TracedMessage(string Id, string OffsetId, string? Tag, string? Keys)
{
    /// <summary>Of a message's properties; what was not stored has no place.</summary>
    public static TracedMessage Of(in MessageProperties properties, MessageId? stored)
    {
        string place = stored?.ToString() ?? string.Empty;
        return new TracedMessage(properties.GetString("UNIQ_KEY"u8) ?? place, place, properties.GetString(PropertyNames.Tags), properties.GetString(PropertyNames.Keys));
    }
}
