using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>
/// JSON of the management interface: the shapes of the document are written as they are, by generated code. Nobody
/// manages a million times a second; messages have writers of their own.
/// </summary>
[JsonSerializable(typeof(Overview))]
[JsonSerializable(typeof(Topic))]
[JsonSerializable(typeof(TopicPage))]
[JsonSerializable(typeof(TopicSettings))]
[JsonSerializable(typeof(Page<TopicQueue>), TypeInfoPropertyName = "TopicQueuePage")]
[JsonSerializable(typeof(Page<TopicGroup>), TypeInfoPropertyName = "TopicGroupPage")]
[JsonSerializable(typeof(Group))]
[JsonSerializable(typeof(Page<Group>), TypeInfoPropertyName = "GroupPage")]
[JsonSerializable(typeof(GroupChange))]
[JsonSerializable(typeof(GroupLag))]
[JsonSerializable(typeof(Page<GroupMember>), TypeInfoPropertyName = "GroupMemberPage")]
[JsonSerializable(typeof(ResetRequest))]
[JsonSerializable(typeof(ResetResult))]
[JsonSerializable(typeof(ConnectedClient))]
[JsonSerializable(typeof(Page<ConnectedClient>), TypeInfoPropertyName = "ClientPage")]
[JsonSerializable(typeof(ManagedMessage))]
[JsonSerializable(typeof(Page<ManagedMessage>), TypeInfoPropertyName = "ManagedMessagePage")]
[JsonSerializable(typeof(MessageTrace))]
[JsonSerializable(typeof(ResendDeadLetters))]
[JsonSerializable(typeof(ResentDeadLetters))]
[JsonSerializable(typeof(KeptSession))]
[JsonSerializable(typeof(Page<KeptSession>), TypeInfoPropertyName = "SessionPage")]
[JsonSerializable(typeof(Page<RetainedMessage>), TypeInfoPropertyName = "RetainedMessagePage")]
[JsonSerializable(typeof(MappingRules))]
[JsonSerializable(typeof(Page<ConfigurationSetting>), TypeInfoPropertyName = "ConfigurationSettingPage")]
[JsonSerializable(typeof(Page<RefusalShape>), TypeInfoPropertyName = "RefusalPage")]
internal sealed partial class ManagementJson : JsonSerializerContext
{
    /// <summary>Strict in, plain out: unknown, repeated and missing members are refused; what is null is absent.</summary>
    public static ManagementJson Strict { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.All),
        MaxDepth = JsonText.Reading.MaxDepth,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    });
}
