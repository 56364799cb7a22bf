using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Admin;

/// <summary>Settings of groups as JSON, as brokers read and write them.</summary>
internal static class GroupSettingsJson
{
    public static ReadOnlyMemory<byte> Write(GroupSettings settings)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("brokerId"u8, 0);
            json.WriteBoolean("consumeBroadcastEnable"u8, settings.CanBroadcast);
            json.WriteBoolean("consumeEnable"u8, settings.CanConsume);
            json.WriteBoolean("consumeFromMinEnable"u8, true);
            json.WriteBoolean("consumeMessageOrderly"u8, settings.IsOrdered);
            json.WriteString("groupName"u8, settings.Name);
            json.WriteBoolean("notifyConsumerIdsChangedEnable"u8, true);
            json.WriteNumber("retryMaxTimes"u8, settings.MaxRetries);
            json.WriteNumber("retryQueueNums"u8, settings.RetryQueues);
            json.WriteNumber("whichBrokerWhenConsumeSlowly"u8, 1);
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }

    /// <summary>The settings in a broker's table of groups; what is not there is as for a new group.</summary>
    public static GroupSettings[] Read(RemotingResponse response)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(response.Body);
            return document.RootElement.TryGetProperty("subscriptionGroupTable"u8, out JsonElement table) && table.ValueKind == JsonValueKind.Object
                ? [.. table.EnumerateObject().Where(group => group.Value.ValueKind == JsonValueKind.Object).Select(group => Read(group.Name, group.Value))]
                : [];
        }
        catch (JsonException error)
        {
            throw new RemotingException("the table of groups is no JSON", error);
        }
    }

    /// <summary>The names in a broker's table of groups.</summary>
    public static string[] Names(RemotingResponse response)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(response.Body);
            return document.RootElement.TryGetProperty("subscriptionGroupTable"u8, out JsonElement table) && table.ValueKind == JsonValueKind.Object
                ? [.. table.EnumerateObject().Select(group => group.Name)]
                : [];
        }
        catch (JsonException error)
        {
            throw new RemotingException("the table of groups is no JSON", error);
        }
    }

    private static GroupSettings Read(string name, JsonElement group) => new(name)
    {
        CanConsume = Flag(group, "consumeEnable"u8, true),
        CanBroadcast = Flag(group, "consumeBroadcastEnable"u8, true),
        IsOrdered = Flag(group, "consumeMessageOrderly"u8, false),
        RetryQueues = Number(group, "retryQueueNums"u8, 1),
        MaxRetries = Number(group, "retryMaxTimes"u8, 16),
    };

    private static bool Flag(JsonElement group, ReadOnlySpan<byte> name, bool whenAbsent)
        => group.TryGetProperty(name, out JsonElement value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False) ? value.GetBoolean() : whenAbsent;

    private static int Number(JsonElement group, ReadOnlySpan<byte> name, int whenAbsent)
        => group.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : whenAbsent;
}
