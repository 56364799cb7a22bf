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
}
