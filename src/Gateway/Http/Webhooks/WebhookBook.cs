using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>
/// The webhooks: kept in the state of the gateways, and at work here. In a cluster every gateway is a member of each webhook's group, and
/// looks now and then what others changed.
/// </summary>
/// <remarks>Thread safe. Changes come one at a time.</remarks>
internal sealed class WebhookBook : IHostedService, IAsyncDisposable
{
    private const string Space = "webhooks";

    private readonly IMessageBridge _bridge;
    private readonly WebhookSender _sender;
    private readonly TransactionBook _transactions;
    private readonly HttpOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<WebhookBook> _log;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private ITimer? _refresh;
    private bool _isDisposed;

    public WebhookBook(
        IMessageBridge bridge, WebhookSender sender, TransactionBook transactions, IOptions<HttpOptions> options, HttpMetrics metrics, TimeProvider clock, ILogger<WebhookBook> log)
    {
        _bridge = bridge;
        _sender = sender;
        _transactions = transactions;
        _options = options.Value;
        _metrics = metrics;
        _clock = clock;
        _log = log;
    }

    /// <summary>All of them, by id.</summary>
    public IReadOnlyList<(Webhook Webhook, WebhookCounts Counts)> List()
    {
        lock (_gate)
            return [.. _entries.Values.OrderBy(entry => entry.Webhook.Id, StringComparer.Ordinal).Select(entry => (entry.Webhook, entry.Counts))];
    }

    public (Webhook Webhook, WebhookCounts Counts) Find(string id)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(id, out Entry? entry)
                ? (entry.Webhook, entry.Counts)
                : throw new RefusalException(Problem.NotFound, $"There is no webhook {id}.");
        }
    }

    /// <summary>Keeps a new one, or a changed one, and puts it to work.</summary>
    /// <param name="id">Which one; null for a new one.</param>
    /// <param name="change">What it is to be, from what it is.</param>
    public async Task<Webhook> PutAsync(string? id, Func<Webhook?, Webhook> change)
    {
        await _changing.WaitAsync(_stop.Token);
        try
        {
            Webhook? before = id is null ? null : Find(id).Webhook;
            Webhook after = change(before);
            if (before is null && List().Count >= _options.MaxWebhooks)
                throw new BridgeException(BridgeError.Busy, $"There are {_options.MaxWebhooks} webhooks, the limit (http.maxWebhooks).");

            await _bridge.State.PutAsync(Space, after.Id, WebhookJson.Store(after));
            await ApplyAsync(after.Id, after);
            return after;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task DeleteAsync(string id, Action<Webhook> check)
    {
        await _changing.WaitAsync(_stop.Token);
        try
        {
            check(Find(id).Webhook);
            await _bridge.State.DeleteAsync(Space, id);
            await ApplyAsync(id, null);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync();
        if (_bridge.Capabilities.IsShared)
            _refresh = _clock.CreateTimer(static book => _ = ((WebhookBook)book!).RefreshAsync(), this, _options.WebhookRefresh, _options.WebhookRefresh);
    }

    /// <summary>Leaves all groups, while the bridge still works.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;

        _isDisposed = true;
        if (_refresh is not null)
            await _refresh.DisposeAsync();

        await _stop.CancelAsync();
        await _changing.WaitAsync(CancellationToken.None);
        foreach (string id in List().Select(entry => entry.Webhook.Id))
            await ApplyAsync(id, null);
    }

    private async Task RefreshAsync()
    {
        if (!await _changing.WaitAsync(TimeSpan.Zero, CancellationToken.None))
            return;

        try
        {
            var there = new Dictionary<string, Webhook>(StringComparer.Ordinal);
            await foreach ((string id, ReadOnlyMemory<byte> json) in _bridge.State.ListAsync(Space, _stop.Token))
            {
                if (WebhookJson.ParseStored(json.Span) is { } webhook)
                    there[id] = webhook;
                else
                    HttpLog.WebhookUnreadable(_log, id);
            }

            foreach (string id in List().Select(entry => entry.Webhook.Id).Where(id => !there.ContainsKey(id)))
                await ApplyAsync(id, null);

            foreach (Webhook webhook in there.Values.Where(webhook => RevisionOf(webhook.Id) != webhook.Revision))
                await ApplyAsync(webhook.Id, webhook);
        }
        catch (Exception failure) when (failure is BridgeException or OperationCanceledException)
        {
            HttpLog.WebhooksNotRead(_log, failure.Message);
        }
        finally
        {
            _changing.Release();
        }
    }

    private long RevisionOf(string id)
    {
        lock (_gate)
            return _entries.TryGetValue(id, out Entry? entry) ? entry.Webhook.Revision : 0;
    }

    /// <summary>Ends what is at work for an id, and begins what is to be. Under <c>_changing</c>.</summary>
    private async Task ApplyAsync(string id, Webhook? webhook)
    {
        Entry? before;
        lock (_gate)
            _entries.Remove(id, out before);

        if (before is not null)
        {
            _metrics.Webhooks.Add(-1);
            if (before.Runner is { } runner)
                await runner.DisposeAsync();
        }

        if (webhook is null)
            return;

        WebhookCounts counts = before?.Counts ?? new WebhookCounts();
        var entry = new Entry(webhook, counts, webhook.IsEnabled ? Begin(webhook, counts) : null);
        lock (_gate)
            _entries.Add(id, entry);

        _metrics.Webhooks.Add(1);
    }

    private IAsyncDisposable? Begin(Webhook webhook, WebhookCounts counts)
    {
        if (webhook.Topic is not null)
            return new WebhookRunner(webhook, counts, _bridge, _sender, _options, _metrics, _clock, _log);

        try
        {
            return new CheckRunner(webhook, counts, _bridge, _transactions, _sender, _options, _clock);
        }
        catch (BridgeException refusal)
        {
            counts.Troubled(refusal.Message, _clock.GetUtcNow());
            return null;
        }
    }

    private sealed record Entry(Webhook Webhook, WebhookCounts Counts, IAsyncDisposable? Runner);
}
