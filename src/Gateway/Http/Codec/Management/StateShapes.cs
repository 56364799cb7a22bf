namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>A session that outlives its connection.</summary>
/// <param name="ClientId">Client identifier.</param>
/// <param name="IsConnected">Whether its client is connected.</param>
/// <param name="ExpirySeconds">How long it outlives its connection.</param>
/// <param name="DisconnectedAt">When the connection ended; absent while there is one.</param>
/// <param name="ExpiresAt">When it ends unless its client comes; absent while that is connected.</param>
/// <param name="Waiting">Messages that wait for its client, as far as its progress is saved; absent where they are not counted.</param>
/// <param name="LeftOut">Messages of its backlog that its client will not get: retention took them, or there were more than `mqtt.maximumBacklog`; absent where they are not counted.</param>
/// <param name="Subscriptions">Its subscriptions.</param>
internal sealed record KeptSession(
    string ClientId,
    bool IsConnected,
    long ExpirySeconds,
    DateTimeOffset? DisconnectedAt,
    DateTimeOffset? ExpiresAt,
    long? Waiting,
    long? LeftOut,
    IReadOnlyList<KeptSubscription> Subscriptions);

/// <summary>A subscription of a session.</summary>
/// <param name="Filter">MQTT topic filter.</param>
/// <param name="Qos">Granted QoS.</param>
/// <param name="Waiting">Messages that wait for the client; absent where they are not counted.</param>
internal sealed record KeptSubscription(string Filter, int Qos, long? Waiting);

/// <summary>A retained message.</summary>
/// <param name="Name">The MQTT topic name that it is kept under.</param>
/// <param name="Topic">Its RocketMQ topic.</param>
/// <param name="Tag">Tag, if it has one.</param>
/// <param name="ContentType">Content type, if it has one.</param>
/// <param name="Properties">User properties.</param>
/// <param name="Body">The body: text, or base64; cut when `bodyIsCut` says so.</param>
/// <param name="BodyEncoding">`utf-8` or `base64`.</param>
/// <param name="BodyIsCut">True when the body is longer than a list shows.</param>
/// <param name="Size">Bytes of the body.</param>
/// <param name="StoredAt">When it was stored.</param>
/// <param name="ExpiresAt">When it expires; absent for never.</param>
internal sealed record RetainedMessage(
    string Name,
    string Topic,
    string? Tag,
    string? ContentType,
    IReadOnlyDictionary<string, string> Properties,
    string Body,
    string BodyEncoding,
    bool? BodyIsCut,
    int Size,
    DateTimeOffset StoredAt,
    DateTimeOffset? ExpiresAt);

/// <summary>The mapping rules between MQTT and RocketMQ, in the order in which they are tried.</summary>
/// <param name="Rules">The rules.</param>
internal sealed record MappingRules(IReadOnlyList<MappingRuleShape> Rules);

/// <summary>A mapping rule.</summary>
/// <param name="Mqtt">The form of the names, such as `{site}/{device}/telemetry/{metric}`.</param>
/// <param name="Topic">The RocketMQ topic.</param>
/// <param name="Name">For people.</param>
/// <param name="Tag">The tag, such as `{metric}`.</param>
/// <param name="Key">The key, such as `{device}`.</param>
internal sealed record MappingRuleShape(string Mqtt, string Topic, string? Name = null, string? Tag = null, string? Key = null);

/// <summary>A setting as it is in force.</summary>
/// <param name="Name">As gateway.json spells it, such as `http.maxBodySize`.</param>
/// <param name="Value">The value; `***` for what is secret.</param>
/// <param name="Source">`default`, `file`, `environment` or `command line`.</param>
/// <param name="Where">The file, variable or option; absent for a default.</param>
internal sealed record ConfigurationSetting(string Name, string Value, string Source, string? Where);

/// <summary>Something that the gateway refused.</summary>
/// <param name="At">When.</param>
/// <param name="Protocol">`mqtt` or `http`.</param>
/// <param name="Action">What was tried.</param>
/// <param name="User">Who, as far as known.</param>
/// <param name="Client">Client identifier, as far as known.</param>
/// <param name="From">Address.</param>
/// <param name="What">Topic, filter or path.</param>
/// <param name="Why">The rule, or what was wrong.</param>
internal sealed record RefusalShape(DateTimeOffset At, string Protocol, string Action, string? User, string? Client, string From, string What, string Why);
