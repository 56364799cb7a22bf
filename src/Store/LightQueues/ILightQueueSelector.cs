using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Store.LightQueues;

/// <summary>
/// Says to which light queues a record goes: whoever makes the queues knows what their names mean, a subscription filter
/// for instance. Given to <see cref="MessageStore.Open"/>.
/// <para>
/// The answer is not written down. After a crash records are asked about again, so it must be a function of the record
/// and of the names of the queues that exist, and of nothing else: no clock, no connection state, no other table. A
/// program that changes what a name means deletes the queue and makes another one.
/// </para>
/// <para>
/// Order of calls: <see cref="OnCreated"/> for each queue that the store found; then <see cref="Select"/> for records of
/// the recovery scan, all before <c>Open</c> returns; then <see cref="Select"/> on the dispatcher's thread, while
/// <see cref="OnCreated"/> and <see cref="OnDeleted"/> come on the threads of those who make and delete queues. A
/// <see cref="Select"/> that begins after <see cref="OnCreated"/> returned must know the queue: the queue gets every
/// matching record that is written after that, and none that was written before (the store leaves those out, whatever the
/// answer). None of them may throw, block, or call the store.
/// </para>
/// </summary>
public interface ILightQueueSelector
{
    /// <summary>There is a queue of that name. The name is borrowed.</summary>
    void OnCreated(LightQueueId queue, ReadOnlySpan<byte> name);

    /// <summary>The queue is being deleted. An answer that still has it is ignored.</summary>
    void OnDeleted(LightQueueId queue, ReadOnlySpan<byte> name);

    /// <summary>Adds the queues that a record goes to; one that is added twice gets it once. Must not allocate.</summary>
    void Select(in MessageRecord record, LightQueueTargets targets);
}

/// <summary>Told which light queues got entries.</summary>
public interface ILightQueueListener
{
    /// <summary>
    /// These queues have new entries, and the records can be read. Each is named once. Called on the dispatcher's thread:
    /// must not block or throw. The ids are borrowed.
    /// </summary>
    void OnEntries(ReadOnlySpan<LightQueueId> queues);
}

/// <summary>The light queues that one record goes to. Reused for the next one.</summary>
public sealed class LightQueueTargets
{
    private LightQueueId[] _queues = new LightQueueId[16];

    internal LightQueueTargets()
    {
    }

    /// <summary>Queues added.</summary>
    public int Count { get; private set; }

    internal ReadOnlySpan<LightQueueId> Queues => _queues.AsSpan(0, Count);

    /// <summary>Adds a queue.</summary>
    public void Add(LightQueueId queue)
    {
        if (Count == _queues.Length)
            Array.Resize(ref _queues, Count * 2);
        _queues[Count++] = queue;
    }

    internal void Clear() => Count = 0;
}
