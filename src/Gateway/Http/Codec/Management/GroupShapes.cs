namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>A group.</summary>
/// <param name="Name">Name.</param>
/// <param name="CanConsume">Whether it may consume.</param>
/// <param name="CanBroadcast">Whether its members may consume by broadcasting.</param>
/// <param name="IsOrdered">Whether a queue is handled in order.</param>
/// <param name="RetryQueues">Queues of its retry topic.</param>
/// <param name="MaxRetries">Tries after which a message becomes a dead letter.</param>
/// <param name="IsSystem">Whether it is one of the brokers' own.</param>
/// <param name="Members">Members that are connected now.</param>
/// <param name="Lag">Messages that it has before it.</param>
internal sealed record Group(
    string Name, bool CanConsume, bool CanBroadcast, bool IsOrdered, int RetryQueues, int MaxRetries, bool IsSystem, int Members, long Lag);

/// <summary>Settings of a group; what is absent stays as it is, and is the default for a new group.</summary>
/// <param name="CanConsume">Whether it may consume. Default true.</param>
/// <param name="CanBroadcast">Whether its members may consume by broadcasting. Default true.</param>
/// <param name="IsOrdered">Whether a queue is handled in order. Default false.</param>
/// <param name="RetryQueues">Queues of its retry topic. Default 1.</param>
/// <param name="MaxRetries">Tries after which a message becomes a dead letter. Default 16.</param>
internal sealed record GroupChange(
    bool? CanConsume = null, bool? CanBroadcast = null, bool? IsOrdered = null, int? RetryQueues = null, int? MaxRetries = null);

/// <summary>Where a group is, queue by queue.</summary>
/// <param name="Group">The group.</param>
/// <param name="Total">Messages that it has before it, in all queues.</param>
/// <param name="Items">Queues, by topic, broker and number.</param>
/// <param name="Next">What `cursor` takes for the next page; absent with the last.</param>
internal sealed record GroupLag(string Group, long Total, IReadOnlyList<QueueProgress> Items, string? Next);

/// <summary>Where a group is in a queue.</summary>
/// <param name="Topic">Topic; `%RETRY%` and the group for redeliveries.</param>
/// <param name="Broker">Broker.</param>
/// <param name="QueueId">Queue.</param>
/// <param name="Offset">The next offset that the group has not finished.</param>
/// <param name="End">One behind the newest message.</param>
/// <param name="Lag">Messages before it.</param>
/// <param name="LastHandledStoredAt">When the last message that it finished was stored; absent without one.</param>
internal sealed record QueueProgress(string Topic, string Broker, int QueueId, long Offset, long End, long Lag, DateTimeOffset? LastHandledStoredAt);

/// <summary>A member of a group that is connected.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Language">What it is written in, as it says.</param>
/// <param name="Version">Number of its version, as it says.</param>
/// <param name="IsGateway">Whether it is a gateway that consumes for HTTP and MQTT clients.</param>
/// <param name="Subscriptions">What it reads; empty where brokers do not say.</param>
internal sealed record GroupMember(string ClientId, string Address, string Language, int Version, bool IsGateway, IReadOnlyList<Subscription> Subscriptions);

/// <summary>What a member of a group reads.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Expression">Tags or SQL92.</param>
/// <param name="ExpressionType">`TAG` or `SQL92`.</param>
internal sealed record Subscription(string Topic, string Expression, string ExpressionType);

/// <summary>Where to set a group's progress.</summary>
/// <param name="Topic">In this topic.</param>
/// <param name="Time">To the first messages stored at or after this time.</param>
/// <param name="To">Instead of a time: `earliest` or `latest`.</param>
/// <param name="DryRun">Only says what would be. Default false.</param>
internal sealed record ResetRequest(string Topic, DateTimeOffset? Time = null, string? To = null, bool DryRun = false);

/// <summary>What a group's progress was set to, or would be.</summary>
/// <param name="Group">The group.</param>
/// <param name="Topic">The topic.</param>
/// <param name="DryRun">Whether nothing was changed.</param>
/// <param name="Queues">Every queue of the topic.</param>
internal sealed record ResetResult(string Group, string Topic, bool DryRun, IReadOnlyList<QueueResetResult> Queues);

/// <summary>A queue's progress.</summary>
/// <param name="Broker">Broker.</param>
/// <param name="QueueId">Queue.</param>
/// <param name="From">Before; absent without any.</param>
/// <param name="To">After.</param>
internal sealed record QueueResetResult(string Broker, int QueueId, long? From, long To);

/// <summary>A client that is connected.</summary>
/// <param name="Protocol">`mqtt`, `http` or `remoting`.</param>
/// <param name="Id">Client identifier, or the connection's.</param>
/// <param name="Address">Where it is; absent where it is not known.</param>
/// <param name="User">Who it is, where access control knows.</param>
/// <param name="Since">When it connected; absent where it is not known.</param>
/// <param name="Details">What else its protocol knows of it.</param>
/// <param name="Subscriptions">MQTT filters, or group and topic.</param>
internal sealed record ConnectedClient(
    string Protocol,
    string Id,
    string? Address,
    string? User,
    DateTimeOffset? Since,
    IReadOnlyDictionary<string, string> Details,
    IReadOnlyList<string> Subscriptions);
