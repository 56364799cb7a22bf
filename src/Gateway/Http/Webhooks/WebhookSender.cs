using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>What a request to a webhook came to.</summary>
/// <param name="Status">Its HTTP status; 0 without an answer.</param>
/// <param name="Error">Why there is none; null otherwise.</param>
/// <param name="RetryAfter">When the receiver wants the next try; null when it does not say.</param>
/// <param name="Body">The beginning of the answer, when it was asked for.</param>
internal sealed record WebhookAnswer(int Status, string? Error, TimeSpan? RetryAfter, byte[] Body)
{
    /// <summary>Whether the receiver has taken it.</summary>
    public bool IsTaken => Status is >= 200 and < 300;

    /// <summary>In words.</summary>
    public string Text => Error ?? string.Create(CultureInfo.InvariantCulture, $"HTTP {Status}");
}

/// <summary>
/// Sends signed requests. Redirects are not followed, cookies not kept, no proxy asked.
/// <code>
///  Webhook-Id: 7F00000100002A9F0000000000000123      the same for every try
///  Webhook-Timestamp: 1767225600                     seconds
///  Webhook-Signature: v1,base64 of HMAC-SHA256 over  id . timestamp . body      with the secret's UTF-8
/// </code>
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class WebhookSender : IDisposable
{
    private const int MaxAnswer = 4096;

    private readonly HttpClient _client;
    private readonly SemaphoreSlim _room;
    private readonly HttpMetrics _metrics;
    private readonly TimeProvider _clock;

    public WebhookSender(IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock)
    {
        _metrics = metrics;
        _clock = clock;
        _room = new SemaphoreSlim(options.Value.MaxWebhookRequests);
        bool allowsPrivate = options.Value.WebhookPrivateAddresses;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = (context, cancellationToken) => AddressPolicy.ConnectAsync(context.DnsEndPoint, allowsPrivate, cancellationToken),
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends one; it never throws but for a cancellation.</summary>
    public async Task<WebhookAnswer> SendAsync(Webhook webhook, string id, int attempt, ReadOnlyMemory<byte> body, bool wantsBody, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        long began = _clock.GetTimestamp();
        try
        {
            using var limit = new CancellationTokenSource(webhook.Timeout, _clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                return await SendAsync(Make(webhook, id, attempt, body), wantsBody, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Failed($"no answer within {webhook.Timeout.TotalSeconds} s");
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                return Failed(failure.InnerException is HttpRequestException inner ? inner.Message : failure.Message);
            }
        }
        finally
        {
            _room.Release();
            _metrics.WebhookDuration.Record(_clock.GetElapsedTime(began).TotalSeconds);
        }
    }

    /// <summary>The value of <c>Webhook-Signature</c>.</summary>
    public static string Sign(string secret, string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hash.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hash.AppendData(body);
        return "v1," + Convert.ToBase64String(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _client.Dispose();
        _room.Dispose();
    }

    private static WebhookAnswer Failed(string why) => new(0, why, null, []);

    private HttpRequestMessage Make(Webhook webhook, string id, int attempt, ReadOnlyMemory<byte> body)
    {
        string timestamp = _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Webhook-Id", id);
        request.Headers.Add("Webhook-Timestamp", timestamp);
        request.Headers.Add("Webhook-Attempt", attempt.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Webhook-Signature", Sign(webhook.Secret, id, timestamp, body.Span));
        request.Headers.UserAgent.ParseAdd("ProtoBridgeMQ");
        return request;
    }

    private async Task<WebhookAnswer> SendAsync(HttpRequestMessage request, bool wantsBody, CancellationToken cancellationToken)
    {
        using (request)
        {
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            byte[] body = [];
            if (wantsBody)
            {
                // No more than what an answer can be.
                byte[] buffer = new byte[MaxAnswer];
                await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
                body = buffer[..length];
            }

            return new WebhookAnswer((int)response.StatusCode, null, response.Headers.RetryAfter?.Delta, body);
        }
    }
}
