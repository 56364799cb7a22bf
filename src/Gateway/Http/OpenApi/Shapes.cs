namespace ProtoBridgeMQ.Gateway.Http.OpenApi;

// The shapes of requests and answers, for the document; the bytes are written and read by Codec.

/// <summary>A message to publish, as JSON.</summary>
/// <param name="Body">The body: text, or base64.</param>
/// <param name="BodyEncoding">`utf-8` (default) or `base64`.</param>
/// <param name="Tag">One tag, by which consumers filter; `a/b` is the rest of an MQTT topic.</param>
/// <param name="Key">A key to find the message by.</param>
/// <param name="Keys">Several keys, instead of `key`.</param>
/// <param name="Properties">User properties.</param>
/// <param name="ContentType">Kept with the message; MQTT 5 devices see it.</param>
/// <param name="Delay">Deliver later, such as `5s` or `P40D`; in front of another cluster one of its delay levels.</param>
/// <param name="At">Deliver then, instead of `delay`: `2030-01-31T08:00:00Z` or Unix milliseconds.</param>
/// <param name="Expires">Of no use any more after this duration, or at this point in time.</param>
/// <param name="OrderingKey">Messages with equal ordering keys stay in order.</param>
internal sealed record MessageToPublish(
    string Body,
    string? BodyEncoding,
    string? Tag,
    string? Key,
    IReadOnlyList<string>? Keys,
    IReadOnlyDictionary<string, string>? Properties,
    string? ContentType,
    string? Delay,
    string? At,
    string? Expires,
    string? OrderingKey);

/// <summary>Where a message was stored.</summary>
/// <param name="MessageId">Names the message.</param>
/// <param name="QueueId">Queue of the topic.</param>
/// <param name="Offset">Position in the queue.</param>
/// <param name="RecallHandle">Of a message that waits for its time: with what it is called back.</param>
internal sealed record Published(string MessageId, int QueueId, long Offset, string? RecallHandle);

/// <summary>What became of one message of a batch: where it was stored, or why not.</summary>
/// <param name="MessageId">Names the message.</param>
/// <param name="QueueId">Queue of the topic.</param>
/// <param name="Offset">Position in the queue.</param>
/// <param name="RecallHandle">Of a message that waits for its time: with what it is called back.</param>
/// <param name="Error">Why it was refused.</param>
internal sealed record BatchResult(string? MessageId, int? QueueId, long? Offset, string? RecallHandle, ProblemDetails? Error);

/// <summary>A webhook to make, or what one is to be.</summary>
/// <param name="Url">http or https; redirects are not followed.</param>
/// <param name="Topic">Whose messages are pushed.</param>
/// <param name="Group">Consumer group whose progress it uses; default one of its own.</param>
/// <param name="Filter">Tags.</param>
/// <param name="Sql">SQL92 expression instead.</param>
/// <param name="ProducerGroup">Instead of a topic: whose transactions it answers for.</param>
/// <param name="Secret">With what requests are signed, 16 to 256 characters; default one that is drawn.</param>
/// <param name="Enabled">Default true.</param>
/// <param name="MaxAttempts">Requests for one message until it is a dead letter, 1 to 16; default 8.</param>
/// <param name="Timeout">How long one request may take, up to 1 min; default 10 s.</param>
internal sealed record WebhookWanted(
    string Url,
    string? Topic,
    string? Group,
    string? Filter,
    string? Sql,
    string? ProducerGroup,
    string? Secret,
    bool? Enabled,
    int? MaxAttempts,
    string? Timeout);

/// <summary>A webhook.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Revision">Its ETag.</param>
/// <param name="Url">Where to.</param>
/// <param name="Topic">Whose messages.</param>
/// <param name="Group">Consumer group.</param>
/// <param name="Filter">Tags.</param>
/// <param name="Sql">SQL92 expression.</param>
/// <param name="ProducerGroup">Whose transactions.</param>
/// <param name="Secret">Told once, by the answer that made it.</param>
/// <param name="Enabled">Whether it is at work.</param>
/// <param name="MaxAttempts">Requests for one message.</param>
/// <param name="Timeout">How long one may take.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Counts">What came of its requests at this gateway since it started.</param>
internal sealed record WebhookOfTopic(
    string Id,
    long Revision,
    string Url,
    string? Topic,
    string? Group,
    string? Filter,
    string? Sql,
    string? ProducerGroup,
    string? Secret,
    bool Enabled,
    int MaxAttempts,
    string Timeout,
    DateTimeOffset CreatedAt,
    WebhookCounted Counts);

/// <summary>What came of a webhook's requests.</summary>
/// <param name="Taken">Answered with 2xx.</param>
/// <param name="Failed">Answered otherwise, or not.</param>
/// <param name="DeadLetters">Given up.</param>
/// <param name="LastAt">When the last one was.</param>
/// <param name="Last">What came of it.</param>
internal sealed record WebhookCounted(long Taken, long Failed, long DeadLetters, DateTimeOffset? LastAt, string? Last);

/// <summary>A page of webhooks.</summary>
/// <param name="Items">By id.</param>
/// <param name="Next">For the next page; absent with the last.</param>
internal sealed record WebhookPage(IReadOnlyList<WebhookOfTopic> Items, string? Next);

/// <summary>What came of a test.</summary>
/// <param name="Taken">Whether it was answered with 2xx.</param>
/// <param name="Status">The status, if there was one.</param>
/// <param name="Error">Why there was none.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record WebhookTested(bool Taken, int? Status, string? Error, long Milliseconds);

/// <summary>What a reply says.</summary>
/// <param name="ContentType">Content type, if it has one.</param>
/// <param name="Properties">User properties.</param>
/// <param name="Body">The body: text, or base64.</param>
/// <param name="BodyEncoding">`utf-8` or `base64`.</param>
internal sealed record ReplyContent(string? ContentType, IReadOnlyDictionary<string, string> Properties, string Body, string BodyEncoding);

/// <summary>A transaction that is open.</summary>
/// <param name="TransactionId">With what it is ended.</param>
/// <param name="Key">The same in every question about it.</param>
internal sealed record TransactionBegun(string TransactionId, string Key);

/// <summary>Questions about transactions.</summary>
/// <param name="Items">Oldest first.</param>
internal sealed record TransactionsAsked(IReadOnlyList<TransactionAsked> Items);

/// <summary>A question about a transaction.</summary>
/// <param name="TransactionId">With what it is ended.</param>
/// <param name="Key">As the begin told it.</param>
/// <param name="AskedAt">When the broker asked.</param>
/// <param name="Message">The message that waits.</param>
internal sealed record TransactionAsked(string TransactionId, string Key, DateTimeOffset AskedAt, MessageOfTopic Message);

/// <summary>A page of messages.</summary>
/// <param name="Items">Messages, in the order in which they were stored.</param>
/// <param name="Next">For the next page; absent with the last.</param>
internal sealed record MessagePage(IReadOnlyList<MessageOfTopic> Items, string? Next);

/// <summary>A message that was looked at.</summary>
/// <param name="MessageId">Names the message.</param>
/// <param name="Topic">Topic.</param>
/// <param name="Tag">Tag, if it has one.</param>
/// <param name="ContentType">Content type, if it has one.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Properties">User properties.</param>
/// <param name="Body">The body: text, or base64.</param>
/// <param name="BodyEncoding">`utf-8` or `base64`.</param>
/// <param name="BornAt">When the client made it.</param>
/// <param name="StoredAt">When the broker stored it.</param>
/// <param name="QueueId">Queue of the topic.</param>
/// <param name="Offset">Position in the queue.</param>
internal sealed record MessageOfTopic(
    string MessageId,
    string Topic,
    string? Tag,
    string? ContentType,
    IReadOnlyList<string> Keys,
    IReadOnlyDictionary<string, string> Properties,
    string Body,
    string BodyEncoding,
    DateTimeOffset BornAt,
    DateTimeOffset StoredAt,
    int QueueId,
    long Offset);

/// <summary>Answer to a receive.</summary>
/// <param name="Messages">Empty when the wait ran out.</param>
internal sealed record ReceivedMessages(IReadOnlyList<ReceivedMessage> Messages);

/// <summary>A message on its way out.</summary>
/// <param name="MessageId">Names the message.</param>
/// <param name="Topic">Topic.</param>
/// <param name="Tag">Tag, if it has one.</param>
/// <param name="ContentType">Content type, if it has one.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Properties">User properties.</param>
/// <param name="Body">The body: text, or base64.</param>
/// <param name="BodyEncoding">`utf-8` or `base64`.</param>
/// <param name="BornAt">When the client made it.</param>
/// <param name="StoredAt">When the broker stored it.</param>
/// <param name="QueueId">Queue of the topic.</param>
/// <param name="Offset">Position in the queue.</param>
/// <param name="Attempt">1 for the first delivery to the group.</param>
/// <param name="Missing">Messages directly before this one in its queue that retention deleted before the group read them; only where there are some.</param>
/// <param name="ReplyTo">Of a request: what `/v1/replies/{replyTo}` takes.</param>
/// <param name="Receipt">What `/v1/receipts/ack` takes.</param>
internal sealed record ReceivedMessage(
    string MessageId,
    string Topic,
    string? Tag,
    string? ContentType,
    IReadOnlyList<string> Keys,
    IReadOnlyDictionary<string, string> Properties,
    string Body,
    string BodyEncoding,
    DateTimeOffset BornAt,
    DateTimeOffset StoredAt,
    int QueueId,
    long Offset,
    int Attempt,
    long? Missing,
    string? ReplyTo,
    string Receipt);

/// <summary>Deliveries to settle.</summary>
/// <param name="Receipts">Receipts of a receive.</param>
internal sealed record DeliveriesToSettle(IReadOnlyList<string> Receipts);

/// <summary>Deliveries to give back.</summary>
/// <param name="Receipts">Receipts of a receive.</param>
/// <param name="Delay">How long until they come again, up to 40 days; in front of another cluster rounded up to a delay level. Default: at once.</param>
internal sealed record DeliveriesToRelease(IReadOnlyList<string> Receipts, string? Delay);

/// <summary>Deliveries to hold longer.</summary>
/// <param name="Receipts">Receipts of a receive.</param>
/// <param name="Lease">How long from now; default 30 s.</param>
internal sealed record DeliveriesToExtend(IReadOnlyList<string> Receipts, string? Lease);

/// <summary>What became of each receipt, in their order.</summary>
/// <param name="Results">One a receipt.</param>
internal sealed record SettleResults(IReadOnlyList<SettleResult> Results);

/// <summary>What became of a receipt.</summary>
/// <param name="Receipt">The receipt.</param>
/// <param name="Settled">Whether it was settled.</param>
/// <param name="Error">Why not.</param>
internal sealed record SettleResult(string Receipt, bool Settled, ProblemDetails? Error);

/// <summary>That it lives.</summary>
/// <param name="Status">`alive`.</param>
internal sealed record Alive(string Status);

/// <summary>That it serves.</summary>
/// <param name="Status">`ready`.</param>
/// <param name="Cluster">`embedded`, or the name servers.</param>
/// <param name="Durability">What an acknowledgement promises.</param>
internal sealed record Ready(string Status, string Cluster, string Durability);

/// <summary>An error (RFC 9457).</summary>
/// <param name="Type">Stable: compare it.</param>
/// <param name="Title">The kind, in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What happened this time.</param>
/// <param name="MayHaveHappened">True when it is unknown whether the message was stored.</param>
internal sealed record ProblemDetails(string Type, string Title, int Status, string Detail, bool? MayHaveHappened);

/// <summary>A message whose way is asked for: `mqttTopic`, or `topic` with `tag` and `key`.</summary>
/// <param name="MqttTopic">MQTT topic name.</param>
/// <param name="Topic">RocketMQ topic.</param>
/// <param name="Tag">Tag.</param>
/// <param name="Key">Key.</param>
internal sealed record MappingToTry(string? MqttTopic, string? Topic, string? Tag, string? Key);

/// <summary>Where a message would go, and why.</summary>
/// <param name="MqttTopic">The MQTT name that it is delivered under.</param>
/// <param name="Topic">RocketMQ topic.</param>
/// <param name="Tag">Tag, if it has one.</param>
/// <param name="Key">Key, if it has one.</param>
/// <param name="Rule">The rule that takes it, if one does.</param>
/// <param name="Why">The same in words.</param>
internal sealed record MappingTried(string MqttTopic, string Topic, string? Tag, string? Key, string? Rule, string Why);
