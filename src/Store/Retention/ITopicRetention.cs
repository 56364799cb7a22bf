namespace ProtoBridgeMQ.Store.Retention;

/// <summary>Topics whose messages are kept in another way than the store's others.</summary>
public interface ITopicRetention
{
    /// <summary>The topics as of now; asked at every pass.</summary>
    IEnumerable<TopicLimit> Topics { get; }
}

/// <summary>How long, and how much of, a topic is kept.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Time">Its own retention time, shorter or longer than the store's; null: as the store.</param>
/// <param name="Bytes">Bytes of records that its queues have together, at most; null: any.</param>
public readonly record struct TopicLimit(string Topic, TimeSpan? Time = null, long? Bytes = null);
