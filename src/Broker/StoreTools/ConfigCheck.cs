using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Store.Inspection;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>Looks whether the tables under <c>config/</c> can be read.</summary>
internal static class ConfigCheck
{
    private const int MaxSize = 256 << 20;

    /// <summary>Tables that <see cref="Core.BrokerTables"/> needs, by the field they must have.</summary>
    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["topics.json"] = "topicConfigTable",
        ["subscriptionGroup.json"] = "subscriptionGroupTable",
        ["consumerOffset.json"] = "offsetTable",
        ["delayOffset.json"] = "offsetTable",
    };

    /// <summary>Names of the tables that are there, backups left out.</summary>
    public static IReadOnlyList<string> Names(StoreFiles store)
    {
        var directory = new DirectoryInfo(Path.Combine(store.Directory, "config"));
        return directory.Exists
            ? [.. directory.EnumerateFiles("*.json*").Select(static file => file.Name.EndsWith(".bak", StringComparison.Ordinal) ? file.Name[..^4] : file.Name)
                .Where(static name => name.EndsWith(".json", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Parses a table; null when it is not there, or no table.</summary>
    public static JsonDocument? Read(StoreFiles store, string name)
    {
        var file = new FileInfo(Path.Combine(store.Directory, "config", name));
        return file.Exists && file.Length is > 0 and <= MaxSize ? TableJson.Parse(File.ReadAllBytes(file.FullName)) : null;
    }

    public static void Run(StoreFiles store, FindingList findings)
    {
        foreach (string name in Names(store))
        {
            if (IsTable(store, name, name))
            {
                continue;
            }

            string path = Path.Combine("config", name);
            findings.Add(IsTable(store, name + ".bak", name)
                ? new Finding(FindingSeverity.Repairable, "table-half-written", path, -1, "It cannot be read; its backup can.", "The next start takes the backup.")
                : new Finding(FindingSeverity.Damage, "table-unreadable", path, -1, "Neither it nor its backup can be read.", "Restore it from a copy, or remove both to start without what they say."));
        }
    }

    private static bool IsTable(StoreFiles store, string file, string name)
    {
        using JsonDocument? document = Read(store, file);
        return document is not null && (!Fields.TryGetValue(name, out string? field) || document.RootElement.TryGet(field, out _));
    }
}
