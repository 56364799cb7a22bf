namespace ProtoBridgeMQ.Store.Durability;

/// <summary>The end of what was written into the commit log. A power cut may still take it away.</summary>
/// <param name="Value">Physical offset of the byte after the last written one.</param>
public readonly record struct WrittenOffset(long Value);

/// <summary>The end of what is on the disk: a power cut keeps everything before it.</summary>
/// <param name="Value">Physical offset of the byte after the last durable one.</param>
public readonly record struct DurableOffset(long Value);

/// <summary>The end of what has queue entries and may be read. Never beyond the confirmed offset of the flush mode.</summary>
/// <param name="Value">Physical offset of the byte after the last dispatched record.</param>
public readonly record struct DispatchedOffset(long Value);
