using System.Text.Json;
using ProtoBridgeMQ.Bridge.Mapping.Rules;

namespace ProtoBridgeMQ.Gateway.Mapping;

/// <summary>
/// Reads the mapping rules of gateway.json:
/// <code>
///  "mapping": { "rules": [ { "name": "telemetry", "mqtt": "{site}/{device}/telemetry/{metric}",
///                            "topic": "telemetry", "tag": "{metric}", "key": "{device}" } ] }
/// </code>
/// </summary>
internal static class RulesFile
{
    /// <summary>The object's key in the file.</summary>
    public const string Key = "mapping";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 };

    /// <summary>Reads a file; without the object there are no rules.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rules">The rules, when nothing is wrong.</param>
    /// <returns>What is wrong, a sentence each; empty when nothing is.</returns>
    public static IReadOnlyList<string> TryRead(string path, out RuleSet? rules)
    {
        rules = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            List<string> wrong = [];
            List<MappingRule> read = ReadRoot(document.RootElement, wrong);
            return wrong.Count > 0 ? wrong : RuleSet.TryRead(read, out rules);
        }
        catch (JsonException wrong)
        {
            return [$"it is no JSON, see line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}"];
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            return ["it cannot be read: " + wrong.Message];
        }
    }

    private static List<MappingRule> ReadRoot(JsonElement root, List<string> wrong)
    {
        List<MappingRule> rules = [];
        if (root.ValueKind != JsonValueKind.Object)
        {
            wrong.Add("it must be one JSON object");
            return rules;
        }

        foreach (JsonProperty section in root.EnumerateObject().Where(section => section.Name.Equals(Key, StringComparison.OrdinalIgnoreCase)))
            ReadSection(section.Value, rules, wrong);
        return rules;
    }

    private static void ReadSection(JsonElement section, List<MappingRule> rules, List<string> wrong)
    {
        if (section.ValueKind != JsonValueKind.Object)
        {
            wrong.Add("mapping must be an object with rules");
            return;
        }

        foreach (JsonProperty property in section.EnumerateObject())
        {
            if (!property.Name.Equals("rules", StringComparison.OrdinalIgnoreCase))
                wrong.Add($"mapping.{property.Name} is no setting; there is mapping.rules");
            else if (property.Value.ValueKind != JsonValueKind.Array)
                wrong.Add("mapping.rules must be an array of rules");
            else
                rules.AddRange(property.Value.EnumerateArray().Select((rule, index) => ReadRule(rule, index + 1, wrong)));
        }
    }

    private static MappingRule ReadRule(JsonElement element, int number, List<string> wrong)
    {
        var rule = new MappingRule(string.Empty, string.Empty, string.Empty);
        if (element.ValueKind != JsonValueKind.Object)
        {
            wrong.Add($"rule {number} must be an object with mqtt and topic");
            return rule;
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
            {
                wrong.Add($"rule {number}: {property.Name} must be a text");
                continue;
            }

            string text = property.Value.GetString()!;
            switch (property.Name.ToLowerInvariant())
            {
                case "name":
                    rule = rule with { Name = text };
                    break;
                case "mqtt":
                    rule = rule with { Mqtt = text };
                    break;
                case "topic":
                    rule = rule with { Topic = text };
                    break;
                case "tag":
                    rule = rule with { Tag = text };
                    break;
                case "key":
                    rule = rule with { Key = text };
                    break;
                default:
                    wrong.Add($"rule {number}: {property.Name} is no setting; there are name, mqtt, topic, tag and key");
                    break;
            }
        }

        return rule;
    }
}
