using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>
/// The JSON bodies. Members leave in alphabetical order and nulls are left out, as Apache's do; numbers may come as strings.
/// </summary>
[JsonSerializable(typeof(TopicRouteData))]
[JsonSerializable(typeof(ClusterInfo))]
[JsonSerializable(typeof(TopicList))]
[JsonSerializable(typeof(KvTable))]
[JsonSerializable(typeof(BrokerMemberGroupBody))]
[JsonSerializable(typeof(DataVersion))]
[JsonSerializable(typeof(TopicConfigData))]
[JsonSerializable(typeof(TopicConfigTable))]
[JsonSerializable(typeof(RegisterBrokerBody))]
[JsonSerializable(typeof(HeartbeatData))]
[JsonSerializable(typeof(CheckClientBody))]
[JsonSerializable(typeof(SubscriptionData))]
[JsonSerializable(typeof(ConsumerListBody))]
[JsonSerializable(typeof(LockBatchBody))]
[JsonSerializable(typeof(LockBatchResponseBody))]
[JsonSerializable(typeof(BatchAckBody))]
[JsonSerializable(typeof(QueryAssignmentBody))]
[JsonSerializable(typeof(QueryAssignmentResponseBody))]
[JsonSerializable(typeof(MessageRequestModeBody))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class RemotingJson : JsonSerializerContext
{
    /// <summary>The serializers to use: like fastjson, they escape no more than JSON demands.</summary>
    public static RemotingJson Bodies { get; } = new(Settings());

    /// <summary>The same for writing what Apache's name server writes with bare numbers as keys.</summary>
    public static RemotingJson BareNumberKeys { get; } = new(Settings(new BareNumberKeys()));

    private static JsonSerializerOptions Settings(params JsonConverter[] converters)
    {
        var settings = new JsonSerializerOptions
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            NumberHandling = JsonNumberHandling.AllowReadingFromString,
            AllowTrailingCommas = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        foreach (var converter in converters)
            settings.Converters.Add(converter);
        return settings;
    }
}
