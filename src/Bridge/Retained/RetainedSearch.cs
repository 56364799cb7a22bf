namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>A search for the retained messages of a topic filter that goes on in steps, so that neither its memory nor
/// the time of a step grows with what it finds.</summary>
/// <remarks>Not thread safe.</remarks>
public sealed class RetainedSearch
{
    /// <summary>Begins a search.</summary>
    /// <param name="filter">MQTT topic filter, already judged.</param>
    public RetainedSearch(ReadOnlySpan<byte> filter)
    {
        Filter = RetainedIndex.ToKey(filter);
        Next = RetainedFilter.FirstKey(Filter);
    }

    /// <summary>Goes on with a search that another object began.</summary>
    /// <param name="filter">MQTT topic filter, already judged.</param>
    /// <param name="after">The topic name that was found last.</param>
    public RetainedSearch(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> after)
        : this(filter)
    {
        byte[] next = [.. RetainedIndex.ToKey(after), 0];
        if (next.AsSpan().SequenceCompareTo(Next) > 0)
        {
            Next = next;
        }
    }

    /// <summary>What the last step found.</summary>
    public List<RetainedReference> Found { get; } = [];

    /// <summary>Whether there is nothing more to find.</summary>
    public bool IsDone { get; internal set; }

    internal byte[] Filter { get; }

    /// <summary>The search goes on at this key or the first one behind it.</summary>
    internal byte[] Next { get; set; }
}
