namespace ProtoBridgeMQ.Store.Retention;

/// <summary>Topics whose messages are kept for another time than the store's.</summary>
public interface ITopicRetention
{
    /// <summary>The topics as of now; asked at every pass.</summary>
    IEnumerable<KeyValuePair<string, TimeSpan>> Topics { get; }
}
