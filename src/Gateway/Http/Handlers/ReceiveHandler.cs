using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>What one receive asks for.</summary>
/// <param name="Max">Messages, at most.</param>
/// <param name="Wait">How long to wait for the first.</param>
/// <param name="Lease">How long the deliveries are held.</param>
internal readonly record struct ReceiveTerms(int Max, TimeSpan Wait, TimeSpan Lease);

/// <summary><c>POST /v1/topics/{topic}/groups/{group}/receive</c>: a long poll that hands out deliveries with receipts.</summary>
internal sealed class ReceiveHandler(
    GroupStreams streams,
    IOptions<HttpOptions> options,
    HttpMetrics metrics,
    HttpAccess access,
    IHostApplicationLifetime lifetime)
{
    private const int FlushSize = 64 * 1024;

    private readonly HttpOptions _options = options.Value;

    public async Task HandleAsync(HttpContext context, string topic, string group, string? max, string? wait, string? lease, string? filter, string? sql)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request, "max", "wait", "lease", "filter", "sql");
        ReceiveTerms terms = Read(max, wait, lease);
        TopicNames.ThrowIfInvalid(topic);
        TopicNames.ThrowIfInvalidGroup(group);
        FilterChoice wanted = FilterChoice.Read(filter, sql);
        var key = new GroupStreamKey(topic, group, wanted.Tags ?? GroupStreamKey.AnyFilter, wanted.Sql);
        access.CheckConsume(context, await access.AuthenticateAsync(context), topic, key.Judged);
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        metrics.Waiting.Add(1);
        try
        {
            await ReceiveAsync(context, key, terms, leaves.Token);
        }
        finally
        {
            metrics.Waiting.Add(-1);
        }
    }

    private ReceiveTerms Read(string? max, string? wait, string? lease)
    {
        int count = _options.DefaultReceive;
        if (max is not null && (!int.TryParse(max, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count < 1 || count > _options.MaxReceive))
            throw RefusalException.Invalid($"max must be 1 to {_options.MaxReceive}.");

        TimeSpan held = Durations.Read("lease", lease, _options.DefaultLease, _options.MaxLease);
        return held > TimeSpan.Zero
            ? new ReceiveTerms(count, Durations.Read("wait", wait, TimeSpan.Zero, _options.MaxWait), held)
            : throw RefusalException.Invalid("lease must be longer than zero.");
    }

    private async Task ReceiveAsync(HttpContext context, GroupStreamKey key, ReceiveTerms terms, CancellationToken leaves)
    {
        GroupStream stream = await streams.RentAsync(key, "http:" + context.Connection.RemoteIpAddress, leaves);
        using var batch = new MessageBatch();
        int count = 0;
        try
        {
            count = await stream.Messages.ReceiveAsync(batch, terms.Max, terms.Wait, leaves);
            await LeaseAsync(stream, batch, terms.Lease);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // The gateway stops: an empty answer ends the long poll decently.
        }
        finally
        {
            streams.Return(stream, count, terms.Lease);
        }

        await AnswerAsync(context, stream, batch);
        if (context.RequestAborted.IsCancellationRequested)
            await GiveBackAsync(stream, batch);
        else
            metrics.Received.Add(count);
    }

    private async ValueTask LeaseAsync(GroupStream stream, MessageBatch batch, TimeSpan lease)
    {
        if (lease == _options.DefaultLease)
            return;

        for (int i = 0; i < batch.Count; i++)
            await stream.Messages.SettleAsync(batch[i].Delivery, Settlement.Extend(lease));
    }

    private async Task AnswerAsync(HttpContext context, GroupStream stream, MessageBatch batch)
    {
        context.Response.ContentType = "application/json";
        Utf8JsonWriter writer = JsonWriters.Rent(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("messages"u8);
        for (int i = 0; i < batch.Count; i++)
        {
            BridgeMessage message = batch[i];
            MessageJson.Write(writer, message, new ReceiptHandle(streams.Life, stream.Number, message.Delivery));
            if (writer.BytesPending >= FlushSize)
            {
                await writer.FlushAsync();
                await context.Response.BodyWriter.FlushAsync();
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await writer.FlushAsync();
        JsonWriters.Return(writer);
        await context.Response.BodyWriter.FlushAsync();
    }

    /// <summary>Nobody took the answer: the messages come again at once instead of after their lease.</summary>
    private async Task GiveBackAsync(GroupStream stream, MessageBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            try
            {
                await stream.Messages.SettleAsync(batch[i].Delivery, Settlement.Release());
                streams.Settled(stream, Settlement.Release());
            }
            catch (BridgeException)
            {
                // Its lease has run out by itself.
            }
        }
    }
}
