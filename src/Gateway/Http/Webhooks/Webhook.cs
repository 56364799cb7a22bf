namespace ProtoBridgeMQ.Gateway.Http.Webhooks;

/// <summary>Somebody else's address to which messages are pushed, or the questions about a producer group's transactions.</summary>
internal sealed record Webhook
{
    /// <summary>Names it; made here.</summary>
    public required string Id { get; init; }

    /// <summary>Counted up by every change: its ETag.</summary>
    public required long Revision { get; init; }

    /// <summary>Where to.</summary>
    public required Uri Url { get; init; }

    /// <summary>The topic; null when <see cref="ProducerGroup"/> is there.</summary>
    public string? Topic { get; init; }

    /// <summary>The consumer group whose progress, retries and dead letters it uses.</summary>
    public string Group { get; init; } = string.Empty;

    /// <summary>Tags; null for all.</summary>
    public string? Filter { get; init; }

    /// <summary>SQL92 expression instead of tags; null for none.</summary>
    public string? Sql { get; init; }

    /// <summary>The producer group whose transactions it answers for; null when <see cref="Topic"/> is there.</summary>
    public string? ProducerGroup { get; init; }

    /// <summary>With what its requests are signed.</summary>
    public required string Secret { get; init; }

    /// <summary>Whether it is at work.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Requests for one message until it is a dead letter.</summary>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
