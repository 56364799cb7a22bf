using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Cli;

/// <summary>
/// The JSON of a command against its file under tests/Golden/cli. What differs from run to run is replaced by the name of its member.
/// A deliberate change: <c>PROTOBRIDGE_TEST_GOLDEN=write</c>, look at the difference, commit it.
/// </summary>
internal static class GoldenAnswer
{
    private static readonly HashSet<string> Varying = new(StringComparer.Ordinal)
    {
        "messageId", "offsetMessageId", "recallHandle", "UNIQ_KEY", "bornAt", "storedAt", "lastStoredAt", "lastHandledStoredAt", "clientId", "address",
        "seconds", "perSecond", "megabytesPerSecond", "p50", "p99", "max", "found",
        "DLQ_ORIGIN_MESSAGE_ID", "ORIGIN_MESSAGE_ID", "BORN_TIMESTAMP",
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void AssertEqual(string name, JsonNode answer)
    {
        JsonNode stable = answer.DeepClone();
        Replace(stable);
        string actual = stable.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
        string path = Path.Combine(GatewayProgram.Root, "tests", "Golden", "cli", name + ".json");
        if (Environment.GetEnvironmentVariable("PROTOBRIDGE_TEST_GOLDEN") == "write")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static void Replace(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
            {
                Replace(item);
            }
        }
        else if (node is JsonObject members)
        {
            foreach (string name in members.Select(member => member.Key).ToList())
            {
                if (Varying.Contains(name))
                {
                    members[name] = $"<{name}>";
                }
                else if (name == "messageIds")
                {
                    members[name] = new JsonArray([.. members[name]!.AsArray().Select(_ => (JsonNode)"<messageId>")]);
                }
                else if (name == "check" && ((string)members[name]!).StartsWith("name server ", StringComparison.Ordinal))
                {
                    members[name] = "name server <address>";
                }
                else
                {
                    Replace(members[name]);
                }
            }
        }
    }
}
