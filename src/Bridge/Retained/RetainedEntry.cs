namespace ProtoBridgeMQ.Bridge.Retained;

/// <summary>Where a retained message is in the log.</summary>
/// <param name="Offset">Offset in the queue of retained messages.</param>
/// <param name="Size">Bytes of its record's body; 0: the message was removed, and the entry only says when.</param>
/// <param name="ExpiresAt">Unix milliseconds; 0 for never.</param>
public readonly record struct RetainedEntry(long Offset, int Size, long ExpiresAt)
{
    /// <summary>Whether it was removed.</summary>
    public bool IsGone => Size == 0;

    /// <summary>Whether it is of no use any more.</summary>
    public bool IsExpired(long now) => ExpiresAt > 0 && ExpiresAt <= now;
}

/// <summary>A retained message that a search found.</summary>
/// <param name="Key">Its topic name as <see cref="RetainedIndex"/> keeps it.</param>
/// <param name="Entry">Where it is.</param>
public readonly record struct RetainedReference(byte[] Key, RetainedEntry Entry)
{
    /// <summary>Its topic name.</summary>
    public string Name => System.Text.Encoding.UTF8.GetString(Key).Replace((char)RetainedIndex.Separator, '/');
}
