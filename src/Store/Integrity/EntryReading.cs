namespace ProtoBridgeMQ.Store.Integrity;

/// <summary>What a queue entry led to.</summary>
public enum EntryReading
{
    /// <summary>Its record.</summary>
    Found,

    /// <summary>It will, in a moment: a queue's end moves before the dispatched end does.</summary>
    NotYet,

    /// <summary>Nothing: a filler, or a record that the log does not have any more.</summary>
    Gone,

    /// <summary>A record that is not what was written. Go on with the next.</summary>
    Damaged,
}
