namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>Topics with their settings, as an operator sees them: also those of groups and of the brokers.</summary>
/// <remarks>Thread safe. The gateway's own topics are not there.</remarks>
public interface ITopicAdministration
{
    /// <summary>All topics, by name.</summary>
    ValueTask<IReadOnlyList<TopicState>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>A topic, or null.</summary>
    ValueTask<TopicState?> FindAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>Makes a topic, or changes its settings.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>: a name or number that is not possible, or
    /// a topic of the brokers.</exception>
    ValueTask<TopicState> PutAsync(string topic, TopicChange change, CancellationToken cancellationToken = default);

    /// <summary>Deletes a topic with its messages and the progress of groups in it.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicNotFound"/>, or <see cref="BridgeError.TopicInvalid"/>
    /// for one of the brokers'.</exception>
    ValueTask DeleteAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>The queues of a topic, by broker and number.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicNotFound"/>.</exception>
    ValueTask<IReadOnlyList<QueueState>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>Groups that have progress in a topic, by name.</summary>
    ValueTask<IReadOnlyList<string>> ListGroupsAsync(string topic, CancellationToken cancellationToken = default);
}

/// <summary>Whose a topic is.</summary>
public enum TopicKind
{
    /// <summary>Made by users.</summary>
    User,

    /// <summary>Redeliveries of a group.</summary>
    Retry,

    /// <summary>Dead letters of a group.</summary>
    DeadLetter,

    /// <summary>The brokers' own.</summary>
    System,
}

/// <summary>A topic with its settings.</summary>
/// <param name="Name">RocketMQ name.</param>
/// <param name="Kind">Whose it is.</param>
/// <param name="Queues">Queues that are written.</param>
/// <param name="ReadQueues">Queues that are read.</param>
/// <param name="CanRead">Whether it may be read.</param>
/// <param name="CanWrite">Whether it may be written.</param>
/// <param name="Attributes">Attributes of RocketMQ 5, such as <c>cleanup.policy</c>.</param>
public sealed record TopicState(
    string Name, TopicKind Kind, int Queues, int ReadQueues, bool CanRead, bool CanWrite, IReadOnlyDictionary<string, string> Attributes);

/// <summary>What to change of a topic; null leaves it.</summary>
/// <param name="Queues">Queues to read and write; it can grow, not shrink.</param>
/// <param name="CanRead">Whether it may be read.</param>
/// <param name="CanWrite">Whether it may be written.</param>
public sealed record TopicChange(int? Queues = null, bool? CanRead = null, bool? CanWrite = null);

/// <summary>A queue of a topic.</summary>
/// <param name="Broker">The broker set that has it.</param>
/// <param name="QueueId">Its number.</param>
/// <param name="First">Oldest offset kept.</param>
/// <param name="End">One behind the newest.</param>
/// <param name="LastStoredAt">When the newest message was stored; null without one.</param>
public sealed record QueueState(string Broker, int QueueId, long First, long End, DateTimeOffset? LastStoredAt);
