using System.Text.Json;

namespace ProtoBridgeMQ.Bridge.Access.Rules;

/// <summary>
/// Reads the rules file:
/// <code>
/// { "default": "deny",
///   "rules": [ { "allow": ["publish"], "users": ["*"], "groups": [], "anonymous": false, "clients": ["%u-*"], "topics": ["devices/%u/#"] },
///              { "deny": ["publish", "subscribe"], "topics": ["secret/#"] } ] }
/// </code>
/// </summary>
internal static class RuleFile
{
    /// <summary>Reads it.</summary>
    /// <exception cref="AccessFileException">It is no rules file; the message says where.</exception>
    public static RuleSet Parse(string path, ReadOnlyMemory<byte> text, int maxRules)
    {
        using JsonDocument document = JsonFile.Parse(path, text);
        JsonElement root = document.RootElement;
        JsonFile.Check(path, "the file", root, "default", "rules");
        bool allowsByDefault = JsonFile.Text(path, "the file", root, "default") switch
        {
            null or "deny" => false,
            "allow" => true,
            string other => throw new AccessFileException(path, $"default is '{other}'; it must be allow or deny"),
        };
        List<AccessRule> rules = [];
        foreach (JsonElement element in JsonFile.Items(path, "the file", root, "rules"))
        {
            if (rules.Count >= maxRules)
            {
                throw new AccessFileException(path, $"it has more than {maxRules} rules (access.maxRules)");
            }

            rules.Add(ReadRule(path, $"rule {rules.Count + 1}", element));
        }

        return new RuleSet(rules, allowsByDefault);
    }

    private static AccessRule ReadRule(string path, string place, JsonElement element)
    {
        JsonFile.Check(path, place, element, "name", "allow", "deny", "users", "groups", "anonymous", "clients", "topics");
        bool isAllow = element.TryGetProperty("allow", out _);
        if (isAllow == element.TryGetProperty("deny", out _))
        {
            throw new AccessFileException(path, $"{place} must have either allow or deny");
        }

        AccessAction actions = AccessAction.None;
        foreach (string name in JsonFile.Texts(path, place, element, isAllow ? "allow" : "deny"))
        {
            actions |= name switch
            {
                "publish" => AccessAction.Publish,
                "subscribe" => AccessAction.Subscribe,
                "manage" => AccessAction.Manage,
                "connect" => AccessAction.Connect,
                _ => throw new AccessFileException(path, $"{place}: '{name}' is no action; there are publish, subscribe, manage, connect"),
            };
        }

        if (actions == AccessAction.None)
        {
            throw new AccessFileException(path, $"{place} names no action");
        }

        List<TopicTemplate> topics = [];
        foreach (string topic in JsonFile.Texts(path, place, element, "topics"))
        {
            topics.Add(TopicTemplate.TryParse(topic) ?? throw new AccessFileException(path, $"{place}: '{topic}' is no topic filter"));
        }

        // An empty list would quietly mean everybody, or every topic.
        foreach (string list in (ReadOnlySpan<string>)["users", "groups", "clients", "topics"])
        {
            if (element.TryGetProperty(list, out JsonElement given) && given.ValueKind == JsonValueKind.Array && given.GetArrayLength() == 0)
            {
                throw new AccessFileException(path, $"{place}: {list} is empty; leave it out, or name some");
            }
        }

        string title = JsonFile.Text(path, place, element, "name") is { } word ? $"{place} ({word})" : place;
        return new AccessRule(
            title,
            isAllow,
            actions,
            JsonFile.Texts(path, place, element, "users"),
            JsonFile.Texts(path, place, element, "groups"),
            JsonFile.Flag(path, place, element, "anonymous"),
            JsonFile.Texts(path, place, element, "clients"),
            topics);
    }
}
