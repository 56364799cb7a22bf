using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>
/// A webhook as JSON: in requests, in answers, and in the state of the gateway, which has id, revision and secret besides.
/// <code>
/// { "url": "https://example.org/hook", "topic": "orders", "group": "hook-1", "filter": "a || b", "secret": "...",
///   "enabled": true, "maxAttempts": 8, "timeout": "10s" }       or with "producerGroup" instead of topic, group and filter
/// </code>
/// </summary>
internal static class WebhookJson
{
    public const int MaxUrl = 2048;
    public const int MaxAttempts = 16;

    private const int MinSecret = 16;
    private const int MaxSecret = 256;
    private const int SecretBytes = 24;
    private const string Where = "the webhook";

    private static readonly TimeSpan MaxTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Reads what a client asks for.</summary>
    /// <param name="json">The body.</param>
    /// <param name="before">What it changes; null for a new one.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="RefusalException">It is not possible.</exception>
    public static Webhook Parse(ReadOnlySpan<byte> json, Webhook? before, DateTimeOffset now)
    {
        try
        {
            return Check(Read(json, isStored: false, new Webhook
            {
                Id = before?.Id ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
                Revision = (before?.Revision ?? 0) + 1,
                Url = null!,
                Secret = before?.Secret ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes)),
                CreatedAt = before?.CreatedAt ?? now,
            }));
        }
        catch (JsonException wrong)
        {
            throw JsonMembers.Malformed(wrong);
        }
    }

    /// <summary>Reads one as it is kept; null when it cannot be read.</summary>
    public static Webhook? ParseStored(ReadOnlySpan<byte> json)
    {
        try
        {
            return Check(Read(json, isStored: true, new Webhook { Id = string.Empty, Revision = 0, Url = null!, Secret = string.Empty, CreatedAt = default }));
        }
        catch (Exception wrong) when (wrong is JsonException or RefusalException)
        {
            return null;
        }
    }

    /// <summary>As it is kept.</summary>
    public static byte[] Store(Webhook webhook)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output, JsonText.Options);
        writer.WriteStartObject();
        WriteMembers(writer, webhook, withSecret: true);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes its members into an object that is open.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, Webhook webhook, bool withSecret)
    {
        writer.WriteString("id"u8, webhook.Id);
        writer.WriteNumber("revision"u8, webhook.Revision);
        writer.WriteString("url"u8, webhook.Url.OriginalString);
        WriteOptional(writer, "topic", webhook.Topic);
        WriteOptional(writer, "group", webhook.Topic is null ? null : webhook.Group);
        WriteOptional(writer, "filter", webhook.Filter);
        WriteOptional(writer, "sql", webhook.Sql);
        WriteOptional(writer, "producerGroup", webhook.ProducerGroup);
        if (withSecret)
            writer.WriteString("secret"u8, webhook.Secret);

        writer.WriteBoolean("enabled"u8, webhook.IsEnabled);
        writer.WriteNumber("maxAttempts"u8, webhook.MaxAttempts);
        writer.WriteString("timeout"u8, string.Create(CultureInfo.InvariantCulture, $"{webhook.Timeout.TotalMilliseconds:0}ms"));
        writer.WriteString("createdAt"u8, webhook.CreatedAt);
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }

    private static Webhook Read(ReadOnlySpan<byte> json, bool isStored, Webhook webhook)
    {
        var reader = new Utf8JsonReader(json, JsonText.Reading);
        reader.Read();
        JsonRequests.ExpectObject(ref reader, Where);
        var members = new JsonMembers(Where);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = members.Next(ref reader);
            webhook = name switch
            {
                "url" => webhook with { Url = ReadUrl(JsonMembers.Text(ref reader, Where, name)) },
                "topic" => webhook with { Topic = JsonMembers.Text(ref reader, Where, name) },
                "group" => webhook with { Group = JsonMembers.Text(ref reader, Where, name) },
                "filter" => webhook with { Filter = JsonMembers.Text(ref reader, Where, name) },
                "sql" => webhook with { Sql = JsonMembers.Text(ref reader, Where, name) },
                "producerGroup" => webhook with { ProducerGroup = JsonMembers.Text(ref reader, Where, name) },
                "secret" => webhook with { Secret = JsonMembers.Text(ref reader, Where, name) },
                "enabled" => webhook with { IsEnabled = ReadBoolean(ref reader, name) },
                "maxAttempts" => webhook with { MaxAttempts = (int)ReadNumber(ref reader, name, MaxAttempts) },
                "timeout" => webhook with { Timeout = Durations.Read(name, JsonMembers.Text(ref reader, Where, name), default, MaxTimeout) },
                "id" when isStored => webhook with { Id = JsonMembers.Text(ref reader, Where, name) },
                "revision" when isStored => webhook with { Revision = ReadNumber(ref reader, name, long.MaxValue) },
                "createdAt" when isStored => webhook with { CreatedAt = reader.GetDateTimeOffset() },
                _ => throw RefusalException.Json($"Of {Where} the member '{name}' is unknown."),
            };
        }

        JsonRequests.ExpectEnd(ref reader);
        return webhook;
    }

    private static Webhook Check(Webhook webhook)
    {
        ThrowIfNot(webhook.Url is not null, "The url is missing.");
        ThrowIfNot(webhook.Topic is null != webhook.ProducerGroup is null, "A webhook has a topic, or a producerGroup whose transactions it answers for.");
        ThrowIfNot(webhook.Secret.Length is >= MinSecret and <= MaxSecret, $"A secret has {MinSecret} to {MaxSecret} characters.");
        ThrowIfNot(webhook.Timeout >= TimeSpan.FromMilliseconds(100), "timeout is at least 100ms.");
        if (webhook.Topic is null)
        {
            ThrowIfNot(webhook.Group.Length == 0 && webhook.Filter is null && webhook.Sql is null, "With producerGroup there is no group and no filter.");
            TopicNames.ThrowIfInvalidGroup(webhook.ProducerGroup);
            return webhook;
        }

        TopicNames.ThrowIfInvalid(webhook.Topic);
        FilterChoice wanted = FilterChoice.Read(webhook.Filter, webhook.Sql);
        string group = webhook.Group.Length == 0 ? "webhook-" + webhook.Id : webhook.Group;
        TopicNames.ThrowIfInvalidGroup(group);
        return webhook with { Group = group, Filter = wanted.Tags, Sql = wanted.Sql };
    }

    private static Uri ReadUrl(string text)
        => text.Length <= MaxUrl
            && Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
            && url.Scheme is "http" or "https"
            && url.UserInfo.Length == 0
            && url.Host.Length > 0
            && url.Fragment.Length == 0
            ? url
            : throw RefusalException.Invalid($"url is an http or https address of at most {MaxUrl} characters, without user, password and fragment.");

    private static bool ReadBoolean(ref Utf8JsonReader reader, string name)
        => reader.TokenType is JsonTokenType.True or JsonTokenType.False
            ? reader.TokenType == JsonTokenType.True
            : throw RefusalException.Json($"Of {Where} '{name}' is true or false.");

    private static long ReadNumber(ref Utf8JsonReader reader, string name, long max)
        => reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) && number >= 1 && number <= max
            ? number
            : throw RefusalException.Invalid($"{name} is a number from 1 to {max}.");

    private static void ThrowIfNot(bool isRight, string rule)
    {
        if (!isRight)
            throw RefusalException.Invalid(rule);
    }
}
