using System.Globalization;
using ProtoBridgeMQ.Store.Inspection;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary>The key index, as <c>store dump --index</c> shows it.</summary>
internal static class IndexDump
{
    public static void Write(IndexReader index, long limit, Screen screen, CancellationToken cancellation)
    {
        if (screen.IsJson)
        {
            screen.Json.WriteStartArray("index"u8);
        }

        foreach (IndexFileContent file in index.Files)
        {
            Begin(file, screen);
            long count = 0;
            foreach (IndexItem entry in index.Entries(file))
            {
                cancellation.ThrowIfCancellationRequested();
                if (count++ >= limit)
                {
                    break;
                }

                Entry(entry, screen);
            }

            if (screen.IsJson)
            {
                screen.Json.WriteEndArray();
                screen.Json.WriteEndObject();
            }
        }

        if (screen.IsJson)
        {
            screen.Json.WriteEndArray();
        }
    }

    private static void Begin(IndexFileContent file, Screen screen)
    {
        if (!screen.IsJson)
        {
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} bytes, {file.Count - 1} entries in {file.UsedSlots} slots, offsets {file.BeginOffset} to {file.EndOffset}, stored {file.BeginTimestamp} to {file.EndTimestamp}{(file.IsSound ? string.Empty : ", NOT SOUND")}"));
            return;
        }

        var json = screen.Json;
        json.WriteStartObject();
        json.WriteString("file"u8, file.Name);
        json.WriteNumber("bytes"u8, file.Length);
        json.WriteNumber("beginTimestamp"u8, file.BeginTimestamp);
        json.WriteNumber("endTimestamp"u8, file.EndTimestamp);
        json.WriteNumber("beginPhyOffset"u8, file.BeginOffset);
        json.WriteNumber("endPhyOffset"u8, file.EndOffset);
        json.WriteNumber("hashSlotCount"u8, file.UsedSlots);
        json.WriteNumber("indexCount"u8, file.Count);
        json.WriteBoolean("sound"u8, file.IsSound);
        json.WriteStartArray("entries"u8);
    }

    private static void Entry(in IndexItem entry, Screen screen)
    {
        if (!screen.IsJson)
        {
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"  {entry.Index}: hash {entry.Hash} at {entry.PhysicalOffset}, {entry.Seconds} s, before it {entry.Previous}"));
            return;
        }

        var json = screen.Json;
        json.WriteStartArray();
        json.WriteNumberValue(entry.Hash);
        json.WriteNumberValue(entry.PhysicalOffset);
        json.WriteNumberValue(entry.Seconds);
        json.WriteNumberValue(entry.Previous);
        json.WriteEndArray();
        screen.Advance();
    }
}
