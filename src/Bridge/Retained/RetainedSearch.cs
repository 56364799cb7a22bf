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

    /// <summary>What the last step found.</summary>
    public List<RetainedReference> Found { get; } = [];

    /// <summary>Whether there is nothing more to find.</summary>
    public bool IsDone { get; internal set; }

    internal byte[] Filter { get; }

    /// <summary>The search goes on at this key or the first one behind it.</summary>
    internal byte[] Next { get; set; }
}
