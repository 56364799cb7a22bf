using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Store.Index;

/// <summary>
/// Slots after entries were lost: one that leads to an entry the head does not count leads to the newest one before it
/// again. Entries that are counted are whole, those behind are not to be trusted, so their chains cannot be followed.
/// </summary>
internal static class IndexSlots
{
    /// <summary>Repairs the slots of a file whose head counts <paramref name="count"/>; how many it changed, and how many are in use.</summary>
    public static (int Changed, int Used) Repair(Span<byte> file, IndexLayout layout, int count)
    {
        var slots = MemoryMarshal.Cast<byte, int>(file.Slice(IndexHeader.Size, layout.Slots * IndexLayout.SlotSize));
        var changed = 0;
        var used = 0;
        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] == 0)
                continue;
            var head = BinaryPrimitives.ReverseEndianness(slots[slot]);
            if (head > 0 && head < count)
            {
                used++;
                continue;
            }

            // Negative: looked for below.
            slots[slot] = -1;
            changed++;
        }

        for (int index = count - 1, open = changed; index >= 1 && open > 0; index--)
        {
            var hash = IndexEntry.Read(file[layout.EntryAt(index)..]).Hash;
            if (hash < 0 || slots[hash % layout.Slots] != -1)
                continue;
            slots[hash % layout.Slots] = BinaryPrimitives.ReverseEndianness(index);
            used++;
            open--;
        }

        if (changed > 0)
            slots.Replace(-1, 0);
        return (changed, used);
    }

    /// <summary>How many entries, by the count of a head, are of records before an offset.</summary>
    public static int CountBefore(ReadOnlySpan<byte> file, IndexLayout layout, int count, long offset)
    {
        var low = IndexHeader.EmptyCount;
        var high = count;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (IndexEntry.Read(file[layout.EntryAt(middle)..]).Offset < offset)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
