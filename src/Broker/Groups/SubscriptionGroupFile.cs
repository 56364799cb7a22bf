using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;

namespace ProtoBridgeMQ.Broker.Groups;

/// <summary><c>config/subscriptionGroup.json</c> as RocketMQ writes it.</summary>
public static class SubscriptionGroupFile
{
    /// <summary>Those that are settings here; others are kept as they are.</summary>
    private static readonly HashSet<string> Fields = new(StringComparer.Ordinal)
    {
        "attributes", "brokerId", "consumeBroadcastEnable", "consumeEnable", "consumeFromMinEnable", "consumeMessageOrderly", "consumeTimeoutMinute",
        "groupName", "groupSysFlag", "notifyConsumerIdsChangedEnable", "retryMaxTimes", "retryQueueNums", "whichBrokerWhenConsumeSlowly",
    };

    private static readonly JsonWriterOptions Indented = new() { Indented = true, IndentCharacter = '\t', IndentSize = 1 };

    /// <summary>Reads a file; null when it is not one.</summary>
    public static SavedGroups? Parse(ReadOnlySpan<byte> text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document is null || !document.RootElement.TryGet("subscriptionGroupTable", out _))
        {
            return null;
        }

        var groups = new List<SubscriptionGroup>();
        foreach (JsonProperty field in document.RootElement.Fields("subscriptionGroupTable"))
        {
            if (TopicName.RejectGroup(field.Name) is null)
            {
                groups.Add(Read(field.Name, field.Value));
            }
        }

        return new SavedGroups(DataVersion.Read(document.RootElement), groups, KeptFields.Of(document.RootElement, static name => name is "dataVersion" or "subscriptionGroupTable"));
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, DataVersion version, IEnumerable<SubscriptionGroup> groups, KeptFields? kept = null)
    {
        using var writer = new Utf8JsonWriter(output, Indented);
        writer.WriteStartObject();
        version.Write(writer);
        (kept ?? KeptFields.None).WriteOr(writer, "forbiddenTable", "{}");
        (kept ?? KeptFields.None).WriteOthers(writer, "forbiddenTable");
        writer.WriteStartObject("subscriptionGroupTable"u8);
        foreach (SubscriptionGroup group in groups)
        {
            writer.WritePropertyName(group.Name);
            WriteGroup(writer, group);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Writes one group's settings as an object.</summary>
    public static void WriteGroup(Utf8JsonWriter writer, SubscriptionGroup group)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("attributes"u8);
        foreach ((string name, string value) in group.Attributes.Pairs)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteNumber("brokerId"u8, group.BrokerId);
        writer.WriteBoolean("consumeBroadcastEnable"u8, group.ConsumeBroadcastEnabled);
        writer.WriteBoolean("consumeEnable"u8, group.ConsumeEnabled);
        writer.WriteBoolean("consumeFromMinEnable"u8, group.ConsumeFromMinEnabled);
        writer.WriteBoolean("consumeMessageOrderly"u8, group.ConsumeOrderly);
        writer.WriteNumber("consumeTimeoutMinute"u8, group.ConsumeTimeoutMinutes);
        writer.WriteString("groupName"u8, group.Name);
        group.Kept.WriteOr(writer, "groupRetryPolicy", """{"type":"CUSTOMIZED"}""");
        writer.WriteNumber("groupSysFlag"u8, group.SystemFlag);
        writer.WriteBoolean("notifyConsumerIdsChangedEnable"u8, group.NotifyMembers);
        writer.WriteNumber("retryMaxTimes"u8, group.MaxRetries);
        writer.WriteNumber("retryQueueNums"u8, group.RetryQueues);
        writer.WriteNumber("whichBrokerWhenConsumeSlowly"u8, group.BrokerIdWhenSlow);
        group.Kept.WriteOthers(writer, "groupRetryPolicy");
        writer.WriteEndObject();
    }

    /// <summary>Reads one group's settings.</summary>
    public static SubscriptionGroup Read(string name, JsonElement value) => new()
    {
        Name = name,
        ConsumeEnabled = value.Bool("consumeEnable", true),
        ConsumeFromMinEnabled = value.Bool("consumeFromMinEnable", true),
        ConsumeBroadcastEnabled = value.Bool("consumeBroadcastEnable", true),
        ConsumeOrderly = value.Bool("consumeMessageOrderly", false),
        ConsumeTimeoutMinutes = value.Int("consumeTimeoutMinute", 15),
        RetryQueues = value.Int("retryQueueNums", 1),
        MaxRetries = value.Int("retryMaxTimes", 16),
        BrokerId = value.Long("brokerId", 0),
        BrokerIdWhenSlow = value.Long("whichBrokerWhenConsumeSlowly", 1),
        NotifyMembers = value.Bool("notifyConsumerIdsChangedEnable", true),
        SystemFlag = value.Int("groupSysFlag", 0),
        Attributes = new GroupAttributes(Attributes(value)),
        Kept = KeptFields.Of(value, Fields.Contains),
    };

    /// <summary>The attributes in a group's settings, or in a change of them.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Attributes(JsonElement value) => value.Fields("attributes")
        .Where(static field => field.Value.ValueKind == JsonValueKind.String)
        .Select(static field => KeyValuePair.Create(field.Name, field.Value.GetString()!));
}

/// <summary>What the file says.</summary>
/// <param name="Version">Which state it is.</param>
/// <param name="Groups">The groups.</param>
/// <param name="Kept">What else it says, such as <c>forbiddenTable</c>.</param>
public sealed record SavedGroups(DataVersion Version, IReadOnlyList<SubscriptionGroup> Groups, KeptFields Kept);
