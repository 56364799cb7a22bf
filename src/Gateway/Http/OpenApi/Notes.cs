using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.OpenApi;

/// <summary>The notes of every operation.</summary>
internal static class Notes
{
    private const string Json = "application/json";
    private const string ReceiptsExample = """{ "receipts": ["AQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAQ"] }""";

    private static readonly (string, string, string) Topic = ("topic", "Name of the topic.", "sensors");

    private static readonly (string, string, string) Filter = ("filter", "Tags to receive, separated by `||`, such as `kitchen/temp || cellar/temp`; default `*`, all.", "");

    private static readonly (string, string, string) Sql = ("sql", "SQL92 expression over properties instead of `filter`, such as `price > 10 AND TAGS = 'a'`.", "");

    private static readonly (string, string, string) From = ("from", "`latest` (default), `earliest`, or a point in time.", "");

    private static readonly (string, string, string) WebhookId = ("id", "Id of the webhook.", "");

    private static readonly Problem[] Broker = [Problem.Unauthorized, Problem.Forbidden, Problem.Busy, Problem.ReadOnly, Problem.Unreachable, Problem.Timeout];

    public static OperationNotes Publish { get; } = new(
        [Problem.InvalidRequest, Problem.MalformedJson, Problem.TopicInvalid, Problem.PropertiesInvalid, Problem.CrossOrigin, Problem.TopicNotFound, Problem.TooLarge, Problem.UnsupportedMediaType, Problem.IdempotencyMismatch, .. Broker])
    {
        Parameters =
        [
            Topic,
            ("tag", "One tag, by which consumers filter; `a/b` is the rest of an MQTT topic.", ""),
            ("key", "A key to find the message by; may be repeated.", ""),
            ("at", "Deliver then: `2030-01-31T08:00:00Z` or Unix milliseconds; instead of `delay`.", ""),
            ("expires", "Of no use any more after this: a duration or a point in time. MQTT clients do not get it then.", ""),
            ("delay", "Deliver later: any delay up to the broker's limit, such as `500ms`, `90s`, `36h` or `P40D`, to the second; in front of another cluster one of its delay levels (1s 5s 10s 30s 1m 2m ... 10m 20m 30m 1h 2h).", ""),
            ("orderingKey", "Messages of the topic with equal ordering keys stay in order.", ""),
        ],
        Bodies =
        [
            ("text/plain", null, false, "21.5"),
            ("application/octet-stream", null, false, string.Empty),
            (JsonText.MessagesType, typeof(MessageToPublish), true, """{ "body": "21.5", "tag": "kitchen/temp", "key": "device-7", "properties": { "unit": "C" } }"""),
        ],
    };

    public static OperationNotes Recall { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.TopicNotFound, Problem.CrossOrigin, Problem.Unsupported, .. Broker])
    {
        Parameters = [Topic, ("handle", "`recallHandle` of the answer to the publish.", "")],
    };

    public static OperationNotes Receive { get; } = new(
        [Problem.InvalidRequest, Problem.TopicInvalid, Problem.GroupInvalid, Problem.FilterInvalid, Problem.CrossOrigin, Problem.TopicNotFound, .. Broker])
    {
        Parameters =
        [
            Topic,
            ("group", "Name of the group: all its members share the messages.", "g1"),
            ("max", "Messages at most, 1 to 256; default 10.", "10"),
            ("wait", "How long to wait for the first message, up to 60 s; default not at all.", "5s"),
            ("lease", "How long the messages are held for their receipts; then they come again. Default 30s.", ""),
            Filter,
            Sql,
        ],
    };

    public static OperationNotes Accept { get; } = Settle(typeof(DeliveriesToSettle), ReceiptsExample);

    public static OperationNotes Release { get; } = Settle(typeof(DeliveriesToRelease), ReceiptsExample.Replace(" }", ", \"delay\": \"10s\" }", StringComparison.Ordinal));

    public static OperationNotes Extend { get; } = Settle(typeof(DeliveriesToExtend), ReceiptsExample.Replace(" }", ", \"lease\": \"60s\" }", StringComparison.Ordinal));

    public static OperationNotes Events { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.FilterInvalid, Problem.TopicNotFound, .. Broker])
    {
        Parameters = [Topic, Filter, Sql, From, ("lastEventId", "A place, as `Last-Event-ID` has it.", "")],
    };

    public static OperationNotes Request { get; } = new(
        [Problem.InvalidRequest, Problem.TopicInvalid, Problem.PropertiesInvalid, Problem.CrossOrigin, Problem.TopicNotFound, Problem.TooLarge, Problem.UnsupportedMediaType, Problem.Unsupported, .. Broker])
    {
        Parameters =
        [
            Topic,
            ("timeout", "How long to wait for the reply, up to 60 s; default 10 s.", "5s"),
            ("tag", "One tag.", ""),
            ("key", "A key to find the message by; may be repeated.", ""),
            ("expires", "A duration or a point in time.", ""),
            ("orderingKey", "Messages of the topic with equal ordering keys stay in order.", ""),
        ],
        Bodies = [("text/plain", null, false, "what is the price?"), ("application/octet-stream", null, false, string.Empty)],
    };

    public static OperationNotes Reply { get; } = new([Problem.InvalidRequest, Problem.CrossOrigin, Problem.DeliveryUnknown, Problem.TooLarge, Problem.UnsupportedMediaType, Problem.Unsupported, .. Broker])
    {
        Parameters = [("replyTo", "`replyTo` of the message that was received.", "")],
        Bodies = [("text/plain", null, false, "42"), ("application/octet-stream", null, false, string.Empty)],
    };

    public static OperationNotes BeginTransaction { get; } = new(
        [Problem.InvalidRequest, Problem.TopicInvalid, Problem.GroupInvalid, Problem.PropertiesInvalid, Problem.CrossOrigin, Problem.TopicNotFound, Problem.TooLarge, Problem.UnsupportedMediaType, Problem.Unsupported, .. Broker])
    {
        Parameters =
        [
            Topic,
            ("group", "The producer group that is asked when the transaction stays open.", "orders"),
            ("checkAfter", "How long the broker does not ask; default its own time, 6 s.", ""),
            ("tag", "One tag.", ""),
            ("key", "A key to find the message by; may be repeated.", ""),
            ("expires", "A duration or a point in time.", ""),
            ("orderingKey", "Messages of the topic with equal ordering keys stay in order.", ""),
        ],
        Bodies = [("text/plain", null, false, "order 7"), ("application/octet-stream", null, false, string.Empty)],
    };

    public static OperationNotes EndTransaction { get; } = new([Problem.InvalidRequest, Problem.CrossOrigin, Problem.DeliveryUnknown, Problem.Unsupported, .. Broker])
    {
        Parameters = [("id", "`transactionId`, of the begin or of a question.", "")],
    };

    public static OperationNotes TransactionsAsked { get; } = new([Problem.InvalidRequest, Problem.GroupInvalid, Problem.Unsupported, .. Broker])
    {
        Parameters = [("group", "The producer group.", "orders"), ("wait", "How long to wait for the first one, up to 60 s; default not at all.", ""), ("limit", "At most so many; default 50.", "")],
    };

    public static OperationNotes PutWebhook { get; } = new(
        [
            Problem.InvalidRequest, Problem.MalformedJson, Problem.TopicInvalid, Problem.GroupInvalid, Problem.FilterInvalid, Problem.CrossOrigin, Problem.NotFound,
            Problem.PreconditionFailed, Problem.TooLarge, Problem.UnsupportedMediaType, .. Broker,
        ])
    {
        Parameters = [WebhookId],
        Bodies = [(Json, typeof(WebhookWanted), false, """{ "url": "https://example.org/hook", "topic": "sensors", "filter": "kitchen/temp" }""")],
    };

    public static OperationNotes ListWebhooks { get; } = new(Problem.InvalidRequest, Problem.Unauthorized, Problem.Forbidden)
    {
        Parameters = [("limit", "1 to 1000; default 50.", ""), ("cursor", "`next` of the page before.", "")],
    };

    public static OperationNotes FindWebhook { get; } = new(Problem.InvalidRequest, Problem.Unauthorized, Problem.Forbidden, Problem.CrossOrigin, Problem.NotFound, Problem.PreconditionFailed) { Parameters = [WebhookId] };

    public static OperationNotes Browse { get; } = new([Problem.InvalidRequest, Problem.TopicInvalid, Problem.FilterInvalid, Problem.TopicNotFound, .. Broker])
    {
        Parameters =
        [
            Topic,
            ("queue", "One queue; default all.", ""),
            ("offset", "From this offset of the queue on.", ""),
            ("from", "Stored then or later: `2030-01-31T08:00:00Z` or Unix milliseconds.", ""),
            ("to", "Stored then or before.", ""),
            ("key", "Only messages with this key, the newest; with from, to and limit alone.", ""),
            Filter,
            Sql,
            ("limit", "Messages at most, 1 to 256; default 50.", ""),
            ("cursor", "`next` of the page before.", ""),
        ],
    };

    public static OperationNotes Socket { get; } = new(
        [Problem.InvalidRequest, Problem.TopicInvalid, Problem.GroupInvalid, Problem.FilterInvalid, Problem.CrossOrigin, Problem.UpgradeRequired, .. Broker])
    {
        Parameters =
        [
            Topic,
            ("group", "Member of this group; without it everything, as a reader of its own.", ""),
            Filter,
            Sql,
            From,
            ("position", "A place that a frame told.", ""),
            ("lease", "How long a delivery of a group is held.", ""),
        ],
    };

    public static OperationNotes TryMapping { get; } = new(
        [Problem.InvalidRequest, Problem.MalformedJson, Problem.TopicInvalid, Problem.Unauthorized, Problem.Forbidden, Problem.CrossOrigin, Problem.TooLarge, Problem.UnsupportedMediaType])
    {
        Bodies = [(Json, typeof(MappingToTry), false, """{ "mqttTopic": "site1/dev7/telemetry/temp" }""")],
    };

    public static OperationNotes Ready { get; } = new(Problem.NotReady);

    private static OperationNotes Settle(Type shape, string example)
        => new([Problem.InvalidRequest, Problem.MalformedJson, Problem.Unauthorized, Problem.Forbidden, Problem.CrossOrigin, Problem.TooLarge, Problem.UnsupportedMediaType])
        {
            Bodies = [(Json, shape, false, example)],
        };
}
