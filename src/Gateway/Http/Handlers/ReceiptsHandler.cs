using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>POST /v1/receipts/ack | nack | extend | dead-letter</c>: says what became of deliveries, one result a receipt.</summary>
internal sealed class ReceiptsHandler(GroupStreams streams, IOptions<HttpOptions> options, HttpMetrics metrics, HttpAccess access)
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(40);

    private readonly HttpOptions _options = options.Value;

    public Task AcceptAsync(HttpContext context) => HandleAsync(context, null, _ => Settlement.Accept, "accept");

    public Task ReleaseAsync(HttpContext context)
        => HandleAsync(context, "delay", text => Settlement.Release(Durations.Read("delay", text, TimeSpan.Zero, MaxDelay)), "release");

    public Task ExtendAsync(HttpContext context)
        => HandleAsync(context, "lease", text => Settlement.Extend(Lease(text)), "extend");

    public Task DeadLetterAsync(HttpContext context) => HandleAsync(context, null, _ => Settlement.DeadLetter, "dead-letter");

    private TimeSpan Lease(string? text)
    {
        TimeSpan lease = Durations.Read("lease", text, _options.DefaultLease, _options.MaxLease);
        return lease > TimeSpan.Zero ? lease : throw RefusalException.Invalid("lease must be longer than zero.");
    }

    private async Task HandleAsync(HttpContext context, string? timeMember, Func<string?, Settlement> settlementOf, string outcome)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request);
        JsonRequests.RequireJson(context.Request);
        ClientRights? rights = await access.AuthenticateAsync(context);
        ReceiptsRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context.Request, _options.MaxJsonSize))
            request = ReceiptsRequest.Parse(body.Bytes.Span, timeMember, _options.MaxReceipts);

        Settlement settlement = settlementOf(request.Time);
        // Started together: what must be written to the log shares one group commit.
        var settles = new Task[request.Receipts.Count];
        for (int i = 0; i < settles.Length; i++)
            settles[i] = SettleAsync(context, rights, request.Receipts[i], settlement);

        await Task.WhenAll(settles).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        int done = settles.Count(settle => settle.IsCompletedSuccessfully);
        metrics.Settled.Add(done, new KeyValuePair<string, object?>("outcome", outcome));
        await AnswerAsync(context.Response, request.Receipts, settles, done);
    }

    private async Task SettleAsync(HttpContext context, ClientRights? rights, string receipt, Settlement settlement)
    {
        if (!ReceiptHandle.TryParse(receipt, out ReceiptHandle handle))
            throw RefusalException.Invalid("This is no receipt.");

        GroupStream? stream = handle.Life == streams.Life ? streams.Find(handle.Stream) : null;
        if (stream is null)
            throw new BridgeException(BridgeError.DeliveryUnknown, "The receipt is of an earlier life of the gateway, or its lease ran out: the message comes again.");

        access.CheckConsume(context, rights, stream.Key.Topic, stream.Key.Judged);
        try
        {
            await stream.Messages.SettleAsync(handle.Delivery, settlement);
        }
        catch (ObjectDisposedException)
        {
            throw new BridgeException(BridgeError.DeliveryUnknown, "The lease ran out: the message comes again.");
        }

        streams.Settled(stream, settlement);
    }

    private static async Task AnswerAsync(HttpResponse response, IReadOnlyList<string> receipts, Task[] settles, int done)
    {
        response.StatusCode = done == settles.Length ? StatusCodes.Status200OK : StatusCodes.Status207MultiStatus;
        response.ContentType = "application/json";
        Utf8JsonWriter writer = JsonWriters.Rent(response.BodyWriter);
        writer.WriteStartObject();
        SettleResultsJson.Write(writer, receipts, settles);
        writer.WriteEndObject();
        await writer.FlushAsync();
        JsonWriters.Return(writer);
    }
}
