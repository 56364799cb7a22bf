namespace ProtoBridgeMQ.Bridge.Administration;

/// <summary>Messages in the log, by id, key and place; and giving dead letters to their group again.</summary>
/// <remarks>Thread safe. Nothing is consumed. Topics of groups and of the brokers can be read, too; the gateway's own cannot.</remarks>
public interface IMessageAdministration
{
    /// <summary>The message at a place in a broker's log; null when there is none (any more), or it is no such id.</summary>
    /// <param name="messageId">32 or 56 hexadecimal digits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<StoredMessage?> FindAsync(string messageId, CancellationToken cancellationToken = default);

    /// <summary>The newest messages of a topic that have a key, oldest first.</summary>
    /// <param name="topic">The topic; one that is not there has none.</param>
    /// <param name="key">One of the message's keys, or the id that its sender gave it.</param>
    /// <param name="max">At most so many of each broker.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BridgeException"><see cref="BridgeError.Unsupported"/>: the brokers keep no index.</exception>
    ValueTask<IReadOnlyList<StoredMessage>> FindByKeyAsync(string topic, string key, int max, CancellationToken cancellationToken = default);

    /// <summary>Some messages of a queue, in their order; none at its end.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="broker">The broker set.</param>
    /// <param name="queueId">The queue.</param>
    /// <param name="offset">The first wanted; what retention took is passed over.</param>
    /// <param name="max">At most so many; fewer may be answered.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IReadOnlyList<StoredMessage>> ReadAsync(string topic, string broker, int queueId, long offset, int max, CancellationToken cancellationToken = default);

    /// <summary>The offset of the first message of a queue that was stored at or after a time.</summary>
    ValueTask<long> SearchAsync(string topic, string broker, int queueId, DateTimeOffset time, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives a dead letter to its group again, through the group's retry topic: other groups do not see it, and it has all
    /// tries before it. The dead letter stays where it is. Durable when it completes.
    /// </summary>
    /// <returns>The id of the new message.</returns>
    ValueTask<string> ResendAsync(string group, StoredMessage deadLetter, CancellationToken cancellationToken = default);
}

/// <summary>A message as it lies in the log.</summary>
/// <param name="MessageId">Names its place in the log.</param>
/// <param name="Topic">The topic that it lies in.</param>
/// <param name="Broker">The broker set that has it.</param>
/// <param name="QueueId">Queue.</param>
/// <param name="Offset">Position in the queue.</param>
/// <param name="BornAt">When its sender made it.</param>
/// <param name="BornHost">Where from.</param>
/// <param name="StoredAt">When the broker stored it.</param>
/// <param name="StoreHost">The broker's address.</param>
/// <param name="ReconsumeTimes">How often it was given back.</param>
/// <param name="Properties">Tag, keys, system and user properties; its own memory.</param>
/// <param name="Body">The body, decompressed; its own memory.</param>
public sealed record StoredMessage(
    string MessageId,
    string Topic,
    string Broker,
    int QueueId,
    long Offset,
    DateTimeOffset BornAt,
    string BornHost,
    DateTimeOffset StoredAt,
    string StoreHost,
    int ReconsumeTimes,
    Messages.MessageProperties Properties,
    ReadOnlyMemory<byte> Body);
