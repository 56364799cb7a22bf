using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>What operators do with a broker beyond its tables of topics, groups and offsets.</summary>
/// <remarks>Thread safe.</remarks>
public interface IBrokerAdministration
{
    /// <summary>When it started.</summary>
    DateTimeOffset StartedAt { get; }

    /// <summary>The store's condition, with what needs to be looked after.</summary>
    StoreState Store { get; }

    /// <summary>Bytes from the oldest message kept to the end of the log.</summary>
    long LogBytes { get; }

    /// <summary>The disk as retention saw it last; null before.</summary>
    DiskRoom? Disk { get; }

    /// <summary>Name servers that the broker registers at.</summary>
    int NameServers { get; }

    /// <summary>How many of them know it now.</summary>
    int NameServersReached { get; }

    /// <summary>Messages that came and went by remoting.</summary>
    RemotingTraffic Traffic { get; }

    /// <summary>Topics in which a group has progress, by name.</summary>
    IReadOnlyList<string> TopicsOf(string group);

    /// <summary>When the message at an offset of a queue was stored, Unix milliseconds; -1 without one.</summary>
    long StoreTimeAt(string topic, int queueId, long offset);

    /// <summary>What connections told of themselves: a line for each group of each client.</summary>
    IReadOnlyList<RemotingClientState> Clients();

    /// <summary>Closes the connections of a client; false when there is none.</summary>
    bool Disconnect(string clientId);

    /// <summary>Deletes a topic, its messages and the progress of groups in it; null, or why it was not.</summary>
    ValueTask<string?> DeleteTopicAsync(string topic);

    /// <summary>Deletes a group's settings and, when asked, its progress.</summary>
    void DeleteGroup(string group, bool removeProgress);

    /// <summary>Sets a group's progress in queues of a topic; durable when it returns. Null, or why it was not.</summary>
    string? Reset(string group, string topic, IReadOnlyDictionary<int, long> offsets);
}

/// <summary>A client of a group, as it told by its heartbeats.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Group">The group.</param>
/// <param name="IsProducer">Whether it produces in it; else it consumes.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Language">What it is written in.</param>
/// <param name="Version">Number of its version.</param>
public readonly record struct RemotingClientState(string ClientId, string Group, bool IsProducer, string Address, string Language, int Version);

/// <summary>Messages that came and went by remoting since the start.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class RemotingTraffic
{
    private long _in;
    private long _out;
    private int _connections;

    /// <summary>Messages sent to the broker and stored.</summary>
    public long In => Volatile.Read(ref _in);

    /// <summary>Messages given to consumers.</summary>
    public long Out => Volatile.Read(ref _out);

    /// <summary>Open connections.</summary>
    public int Connections => Volatile.Read(ref _connections);

    internal void AddIn(int count) => Interlocked.Add(ref _in, count);

    internal void AddOut(int count) => Interlocked.Add(ref _out, count);

    internal void Opened() => Interlocked.Increment(ref _connections);

    internal void Closed() => Interlocked.Decrement(ref _connections);
}
