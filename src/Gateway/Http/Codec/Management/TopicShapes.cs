namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>A topic.</summary>
/// <param name="Name">Name.</param>
/// <param name="Queues">Queues that are written.</param>
/// <param name="ReadQueues">Queues that are read.</param>
/// <param name="Kind">`user`, `retry`, `dead-letter` or `system`.</param>
/// <param name="CanRead">Whether it may be read.</param>
/// <param name="CanWrite">Whether it may be written.</param>
/// <param name="Attributes">Attributes of RocketMQ 5, such as `cleanup.policy`.</param>
internal sealed record Topic(
    string Name, int Queues, int ReadQueues, string Kind, bool CanRead, bool CanWrite, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Some of the topics.</summary>
/// <param name="Topics">By name.</param>
/// <param name="Next">What `cursor` takes for the next page; absent with the last.</param>
internal sealed record TopicPage(IReadOnlyList<Topic> Topics, string? Next);

/// <summary>Settings of a topic; what is absent stays as it is, and is the default for a new topic.</summary>
/// <param name="Queues">Queues to write and read; they can grow, not shrink. Default 8.</param>
/// <param name="CanRead">Whether it may be read.</param>
/// <param name="CanWrite">Whether it may be written.</param>
internal sealed record TopicSettings(int? Queues = null, bool? CanRead = null, bool? CanWrite = null);

/// <summary>A queue of a topic.</summary>
/// <param name="Broker">Broker that has it.</param>
/// <param name="QueueId">Number.</param>
/// <param name="First">Oldest offset kept.</param>
/// <param name="End">One behind the newest.</param>
/// <param name="Messages">Messages kept.</param>
/// <param name="LastStoredAt">When the newest message was stored; absent without one.</param>
internal sealed record TopicQueue(string Broker, int QueueId, long First, long End, long Messages, DateTimeOffset? LastStoredAt);

/// <summary>A group that has progress in a topic.</summary>
/// <param name="Group">Name.</param>
/// <param name="Lag">Messages of the topic that it has before it.</param>
internal sealed record TopicGroup(string Group, long Lag);

/// <summary>Some items of a list.</summary>
/// <param name="Items">In their order.</param>
/// <param name="Next">What `cursor` takes for the next page; absent with the last.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
