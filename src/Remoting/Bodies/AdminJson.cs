using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>The JSON bodies of administration, with the conventions of <see cref="RemotingJson"/>.</summary>
[JsonSerializable(typeof(MessageQueueData))]
[JsonSerializable(typeof(ResetOffsetBody))]
[JsonSerializable(typeof(ConsumerStatusBody))]
[JsonSerializable(typeof(QueryCorrectionOffsetBody))]
[JsonSerializable(typeof(TopicStatsTable))]
[JsonSerializable(typeof(ConsumeStats))]
[JsonSerializable(typeof(ConsumeStatsList))]
[JsonSerializable(typeof(TopicOffset))]
[JsonSerializable(typeof(ConsumeOffset))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(ConsumerConnection))]
[JsonSerializable(typeof(ProducerConnection))]
[JsonSerializable(typeof(ProducerTableInfo))]
[JsonSerializable(typeof(GroupList))]
[JsonSerializable(typeof(QuerySubscriptionResponseBody))]
[JsonSerializable(typeof(GroupForbidden))]
[JsonSerializable(typeof(BrokerStatsData))]
[JsonSerializable(typeof(QueryConsumeQueueResponseBody))]
[JsonSerializable(typeof(QueryConsumeTimeSpanBody))]
[JsonSerializable(typeof(HaRuntimeInfo))]
public sealed partial class AdminJson : JsonSerializerContext
{
    /// <summary>The serializers to use.</summary>
    public static AdminJson Bodies { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
        AllowTrailingCommas = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
