using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Http;

/// <summary>The limits of the HTTP front. Every body, wait, table and connection of the front is bounded by one of these.</summary>
public sealed class HttpOptions
{
    /// <summary>Largest message body in bytes; the bridge's own limit holds beside it.</summary>
    [Range(1, 512 * 1024 * 1024)]
    public int MaxBodySize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Largest JSON request in bytes: a batch, or receipts.</summary>
    [Range(1024, 512 * 1024 * 1024)]
    public int MaxJsonSize { get; set; } = 16 * 1024 * 1024;

    /// <summary>Messages of one JSON batch.</summary>
    [Range(1, 100_000)]
    public int MaxBatch { get; set; } = 1000;

    /// <summary>How long a repeated Idempotency-Key is known; retention may end it sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Idempotency keys remembered, so that they need not be looked up in the log; when all are of publishes under way, one more is refused as busy.</summary>
    [Range(1, 10_000_000)]
    public int MaxIdempotencyKeys { get; set; } = 100_000;

    /// <summary>Messages of one receive, at most.</summary>
    [Range(1, 10_000)]
    public int MaxReceive { get; set; } = 256;

    /// <summary>Messages of one receive that does not say.</summary>
    [Range(1, 10_000)]
    public int DefaultReceive { get; set; } = 10;

    /// <summary>Messages of one page of browsing, at most.</summary>
    [Range(1, 10_000)]
    public int MaxBrowse { get; set; } = 256;

    /// <summary>Bytes of messages read for one page of browsing, over all queues; of each queue at least 64 KB are.</summary>
    [Range(65_536, 1 << 30)]
    public int BrowseBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Receipts of one settle request.</summary>
    [Range(1, 100_000)]
    public int MaxReceipts { get; set; } = 1000;

    /// <summary>Longest long poll.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a request waits for its reply when it does not say; at most the longest long poll.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan DefaultReplyWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests that wait for their replies at one time; one more is refused as busy.</summary>
    [Range(1, 1_000_000)]
    public int MaxRequestsWaiting { get; set; } = 10_000;

    /// <summary>Producer groups whose transactions are answered for here; one more is refused as busy.</summary>
    [Range(1, 100_000)]
    public int MaxTransactionGroups { get; set; } = 1000;

    /// <summary>Questions about transactions of one group that are kept for their answers; the brokers ask again about the others.</summary>
    [Range(1, 100_000)]
    public int MaxTransactionChecks { get; set; } = 1000;

    /// <summary>How long a producer group is answered for after its last use.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "24:00:00")]
    public TimeSpan TransactionGroupIdle { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a delivery is held for a receive that does not say.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "12:00:00")]
    public TimeSpan DefaultLease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time a delivery may be held.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "12:00:00")]
    public TimeSpan MaxLease { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Group streams kept open; one more is refused as busy.</summary>
    [Range(1, 1_000_000)]
    public int MaxGroupStreams { get; set; } = 10_000;

    /// <summary>How long a group stream without open deliveries stays a member of its group after its last use.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan GroupStreamIdle { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Server-sent event clients at one time; one more is refused as busy.</summary>
    [Range(1, 1_000_000)]
    public int MaxEventClients { get; set; } = 10_000;

    /// <summary>Silence after which an event stream carries a comment, so that proxies keep it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan EventKeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Messages taken from the log at one time for one event stream.</summary>
    [Range(1, 10_000)]
    public int EventBatch { get; set; } = 64;

    /// <summary>Items of one page of a list, at most.</summary>
    [Range(1, 100_000)]
    public int MaxPage { get; set; } = 1000;

    /// <summary>Items of one page of a list that does not say.</summary>
    [Range(1, 100_000)]
    public int DefaultPage { get; set; } = 100;

    /// <summary>Bytes of a message's body that a list shows; longer ones are cut, and it says so.</summary>
    [Range(0, 1 << 24)]
    public int MaxListedBody { get; set; } = 64 * 1024;

    /// <summary>Dead letters that one request for all of them sends again, at most.</summary>
    [Range(1, 10_000_000)]
    public int MaxResend { get; set; } = 10_000;

    /// <summary>Refusals kept to be shown, the latest.</summary>
    [Range(1, 1_000_000)]
    public int MaxRefusals { get; set; } = 1000;

    /// <summary>Streams of the overview at one time; one more is refused as busy.</summary>
    [Range(1, 100_000)]
    public int MaxLiveClients { get; set; } = 100;

    /// <summary>How old lag and dead letters of the overview may be: looking at all groups costs more than the rest.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan LagInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Groups that the overview counts the lag of; further ones are left out, and it says so.</summary>
    [Range(1, 1_000_000)]
    public int MaxLagGroups { get; set; } = 1000;

    /// <summary>Messages of lag below which growing lag is no alarm.</summary>
    [Range(0, long.MaxValue)]
    public long LagAlarm { get; set; } = 10_000;

    /// <summary>WebSockets of topics at one time; one more is refused as busy.</summary>
    [Range(1, 1_000_000)]
    public int MaxSockets { get; set; } = 10_000;

    /// <summary>Messages of credit that a WebSocket client may have given and not got.</summary>
    [Range(1, 1_000_000)]
    public int MaxSocketCredit { get; set; } = 10_000;

    /// <summary>Largest frame from a WebSocket client of a topic.</summary>
    [Range(256, 16 * 1024 * 1024)]
    public int MaxSocketFrame { get; set; } = 64 * 1024;

    /// <summary>How long a WebSocket client may take to take a frame; then it is cut off.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan SocketSendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Webhooks; one more is refused.</summary>
    [Range(0, 10_000)]
    public int MaxWebhooks { get; set; } = 100;

    /// <summary>Messages that are pushed to one webhook at one time.</summary>
    [Range(1, 1000)]
    public int WebhookConcurrency { get; set; } = 8;

    /// <summary>Requests to webhooks at one time, over all of them; the others wait.</summary>
    [Range(1, 10_000)]
    public int MaxWebhookRequests { get; set; } = 64;

    /// <summary>Largest message, as JSON, that is pushed; a larger one is a dead letter.</summary>
    [Range(1024, 512 * 1024 * 1024)]
    public int WebhookMaxBody { get; set; } = 8 * 1024 * 1024;

    /// <summary>Pause before the second request for a message; it doubles with each one after that.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan WebhookBackOff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest of these pauses.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "24:00:00")]
    public TimeSpan WebhookMaxBackOff { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a gateway of a cluster looks what others changed of the webhooks, and the pause of a webhook whose group cannot be joined.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan WebhookRefresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether webhooks may go to addresses of this machine and of private networks.</summary>
    public bool WebhookPrivateAddresses { get; set; }

    /// <summary>How often alarms are looked for while nobody looks at the overview; zero: only then.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan AlarmInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Queues that a topic may be given.</summary>
    [Range(1, 65536)]
    public int MaxQueues { get; set; } = 1024;

    /// <summary>Connections at one time; one more is closed at once.</summary>
    [Range(1, 10_000_000)]
    public long MaxConnections { get; set; } = 20_000;

    /// <summary>Longest request line in bytes.</summary>
    [Range(256, 1 << 20)]
    public int MaxRequestLine { get; set; } = 8 * 1024;

    /// <summary>All headers of a request in bytes.</summary>
    [Range(1024, 1 << 20)]
    public int MaxHeadersSize { get; set; } = 32 * 1024;

    /// <summary>Headers of a request.</summary>
    [Range(8, 10_000)]
    public int MaxHeaders { get; set; } = 100;

    /// <summary>How long the headers of a request may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may be idle between requests.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>Bytes a second that a body must come with, and an answer must be taken with.</summary>
    [Range(1, 1 << 30)]
    public int MinDataRate { get; set; } = 240;

    /// <summary>How long a body or an answer may be slower than that.</summary>
    [Range(typeof(TimeSpan), "00:00:01.1", "00:10:00")]
    public TimeSpan DataRateGrace { get; set; } = TimeSpan.FromSeconds(5);
}
