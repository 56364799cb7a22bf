using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;
using ProtoBridgeMQ.Gateway.Http.Management;
using ProtoBridgeMQ.Gateway.Http.Webhooks;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>/v1/webhooks</c>: addresses that messages are pushed to. Whoever may manage the topic may do so.</summary>
internal sealed class WebhooksHandler(WebhookBook book, WebhookSender sender, IOptions<HttpOptions> options, HttpAccess access, ManagementDesk desk, TimeProvider clock)
{
    private const int MaxRequest = 16 * 1024;

    private static readonly byte[] TestBody = """{"test":true}"""u8.ToArray();

    private readonly HttpOptions _options = options.Value;

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context);
        (IReadOnlyList<(Webhook Webhook, WebhookCounts Counts)> page, string? next) = paging.Cut(book.List(), entry => entry.Webhook.Id);
        await JsonAnswer.WriteAsync(context.Response, (page, next), static (writer, list) =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items"u8);
            foreach ((Webhook webhook, WebhookCounts counts) in list.page)
                Write(writer, webhook, counts, withSecret: false);

            writer.WriteEndArray();
            if (list.next is not null)
                writer.WriteString("next"u8, list.next);

            writer.WriteEndObject();
        });
    }

    public async Task FindAsync(HttpContext context, string id)
    {
        RequestRules.CheckQuery(context.Request);
        (Webhook webhook, WebhookCounts counts) = await OwnAsync(context, id);
        await AnswerAsync(context, webhook, counts, withSecret: false);
    }

    public async Task CreateAsync(HttpContext context)
    {
        (Webhook wanted, string user) = await ReadAsync(context, null);
        Webhook made = await book.PutAsync(null, _ => wanted);
        desk.Changed(context, user, "create-webhook", made.Id, made.Url.AbsoluteUri);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = "/v1/webhooks/" + made.Id;
        await AnswerAsync(context, made, book.Find(made.Id).Counts, withSecret: true);
    }

    public async Task UpdateAsync(HttpContext context, string id)
    {
        (Webhook known, _) = await OwnAsync(context, id);
        (Webhook wanted, string user) = await ReadAsync(context, known);
        Webhook made = await book.PutAsync(id, before =>
        {
            CheckMatch(context, before!);
            return wanted with { Revision = before!.Revision + 1 };
        });
        desk.Changed(context, user, "change-webhook", made.Id, made.Url.AbsoluteUri);
        await AnswerAsync(context, made, book.Find(made.Id).Counts, withSecret: false);
    }

    public async Task DeleteAsync(HttpContext context, string id)
    {
        (Webhook webhook, _) = await OwnAsync(context, id);
        string user = await desk.ChangeAsync(context, webhook.Topic);
        await book.DeleteAsync(id, before => CheckMatch(context, before));
        desk.Changed(context, user, "delete-webhook", id, webhook.Url.AbsoluteUri);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Sends <c>{"test":true}</c>, signed as messages are, and says what came of it.</summary>
    public async Task TestAsync(HttpContext context, string id)
    {
        (Webhook webhook, _) = await OwnAsync(context, id);
        await desk.ChangeAsync(context, webhook.Topic);
        long began = clock.GetTimestamp();
        WebhookAnswer answer = await sender.SendAsync(webhook, "test-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), 1, TestBody, wantsBody: false, context.RequestAborted);
        TimeSpan took = clock.GetElapsedTime(began);
        await JsonAnswer.WriteAsync(context.Response, (answer, took), static (writer, result) =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("taken"u8, result.answer.IsTaken);
            if (result.answer.Status > 0)
                writer.WriteNumber("status"u8, result.answer.Status);
            if (result.answer.Error is { } error)
                writer.WriteString("error"u8, error);
            writer.WriteNumber("milliseconds"u8, (long)result.took.TotalMilliseconds);
            writer.WriteEndObject();
        });
    }

    private static void CheckMatch(HttpContext context, Webhook webhook) => ManagementDesk.CheckPreconditions(context.Request, TagOf(webhook));

    private static string TagOf(Webhook webhook) => string.Create(CultureInfo.InvariantCulture, $"\"{webhook.Revision}\"");

    private static void Write(Utf8JsonWriter writer, Webhook webhook, WebhookCounts counts, bool withSecret)
    {
        writer.WriteStartObject();
        WebhookJson.WriteMembers(writer, webhook, withSecret);
        writer.WriteStartObject("counts"u8);
        writer.WriteNumber("taken"u8, counts.Taken);
        writer.WriteNumber("failed"u8, counts.Failed);
        writer.WriteNumber("deadLetters"u8, counts.DeadLetters);
        if (counts.Last is { } last)
        {
            writer.WriteString("lastAt"u8, last.At);
            writer.WriteString("last"u8, last.Text);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static async Task AnswerAsync(HttpContext context, Webhook webhook, WebhookCounts counts, bool withSecret)
    {
        context.Response.Headers.ETag = TagOf(webhook);
        await JsonAnswer.WriteAsync(context.Response, (webhook, counts, withSecret), static (writer, one) => Write(writer, one.webhook, one.counts, one.withSecret));
    }

    private async Task<(Webhook Webhook, WebhookCounts Counts)> OwnAsync(HttpContext context, string id)
    {
        await access.AuthenticateAsync(context);
        (Webhook webhook, WebhookCounts counts) = book.Find(id);
        await access.CheckManageAsync(context, webhook.Topic);
        return (webhook, counts);
    }

    private async Task<(Webhook Webhook, string User)> ReadAsync(HttpContext context, Webhook? before)
    {
        RequestRules.Check(context.Request);
        JsonRequests.RequireJson(context.Request);
        ClientRights? rights = await access.AuthenticateAsync(context);
        using RequestBody body = await RequestBody.ReadAsync(context.Request, Math.Min(MaxRequest, _options.MaxJsonSize));
        Webhook wanted = WebhookJson.Parse(body.Bytes.Span, before, clock.GetUtcNow());
        string user = await desk.ChangeAsync(context, wanted.Topic);
        if (wanted.Topic is { } topic)
            access.CheckConsume(context, rights, topic, wanted.Sql is null ? TagExpression.Parse(wanted.Filter ?? "*").Text : "*");

        return (wanted, user);
    }
}
