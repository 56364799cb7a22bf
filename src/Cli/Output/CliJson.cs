using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProtoBridgeMQ.Cli.Output;

/// <summary>The forms of the answers. Names stay: scripts read them.</summary>
[JsonSerializable(typeof(Sent))]
[JsonSerializable(typeof(SentMany))]
[JsonSerializable(typeof(ShownMessage))]
[JsonSerializable(typeof(IReadOnlyList<ShownMessage>))]
[JsonSerializable(typeof(IReadOnlyList<TopicLine>))]
[JsonSerializable(typeof(TopicDetail))]
[JsonSerializable(typeof(IReadOnlyList<GroupLine>))]
[JsonSerializable(typeof(GroupDetail))]
[JsonSerializable(typeof(IReadOnlyList<GroupLag>))]
[JsonSerializable(typeof(IReadOnlyList<NewPlace>))]
[JsonSerializable(typeof(IReadOnlyList<DeadLetterLine>))]
[JsonSerializable(typeof(Resent))]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(Diagnosis))]
[JsonSerializable(typeof(Done))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>Text as it is, where JSON allows it: the answer goes to a terminal or a file, never into a page.</summary>
    public static CliJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<CheckState>(JsonNamingPolicy.CamelCase) },
    });
}
