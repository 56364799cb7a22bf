namespace ProtoBridgeMQ.Bridge.Topics;

/// <summary>The topics of the brokers behind a bridge.</summary>
/// <remarks>Thread safe. Answers may be as old as the route cache of the bridge.</remarks>
public interface ITopicDirectory
{
    /// <summary>Finds a topic, or null.</summary>
    ValueTask<TopicInfo?> FindAsync(string topic, CancellationToken cancellationToken = default);

    /// <summary>All user topics, by name.</summary>
    ValueTask<IReadOnlyList<TopicInfo>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Creates a topic, or changes its queue count upwards; complete when it can be published to.</summary>
    /// <exception cref="BridgeException"><see cref="BridgeError.TopicInvalid"/>, or a limit is reached.</exception>
    ValueTask<TopicInfo> CreateAsync(string topic, int queues, CancellationToken cancellationToken = default);
}

/// <summary>A topic.</summary>
/// <param name="Name">RocketMQ name.</param>
/// <param name="Queues">Number of queues that are written.</param>
public sealed record TopicInfo(string Name, int Queues);
