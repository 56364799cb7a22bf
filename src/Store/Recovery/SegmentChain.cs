using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Finds the segments of the commit log. They must follow each other without a hole and have one size, but for the last
/// one, which a crash may have left short.
/// </summary>
internal static class SegmentChain
{
    private const int SmallestSize = 4096;

    public static void Load(RecoveryState state)
    {
        var found = Find(state);
        state.SegmentSize = SizeOf(state, found);
        for (var i = 0; i < found.Count; i++)
        {
            var file = found[i];
            if (i > 0 && file.BaseOffset != found[i - 1].BaseOffset + state.SegmentSize)
                throw Hole(state, found[i - 1].BaseOffset + state.SegmentSize, file.BaseOffset);
            if (file.Length > state.SegmentSize || (file.Length < state.SegmentSize && i < found.Count - 1))
            {
                throw new StoreUnusableException(
                    $"Segment {LogFileName.Of(file.BaseOffset)} in '{state.LogDirectory}' has {file.Length} bytes where the others have {state.SegmentSize}. "
                    + "No crash leaves that: restore the file from a copy.");
            }

            state.Segments.Add(new LogSegment(state.Files, state.LogDirectory, file.BaseOffset, state.SegmentSize));
            state.TailLength = file.Length;
        }
    }

    private static List<SegmentFile> Find(RecoveryState state)
    {
        var found = new List<SegmentFile>();
        foreach (var entry in state.Files.List(state.LogDirectory))
        {
            if (!entry.IsDirectory && LogFileName.TryParse(entry.Name, out var baseOffset))
                found.Add(new SegmentFile(baseOffset, entry.Length));
        }

        found.Sort(static (left, right) => left.BaseOffset.CompareTo(right.BaseOffset));
        return found;
    }

    private static int SizeOf(RecoveryState state, List<SegmentFile> found)
    {
        if (found.Count == 0)
            return state.Options.SegmentSize;
        var size = found.Count > 1 || IsWhole(found[0].Length) ? found[0].Length : state.Options.SegmentSize;
        return size is >= SmallestSize and <= 1 << 30
            ? (int)size
            : throw new StoreUnusableException(
                $"The segments in '{state.LogDirectory}' would have {size} bytes each, by the names and sizes of its files. Restore the files that are missing.");
    }

    /// <summary>The only segment may have been left short: it tells the size when it has whole pages.</summary>
    private static bool IsWhole(long length) => length >= SmallestSize && length % SmallestSize == 0;

    private static StoreUnusableException Hole(RecoveryState state, long missing, long next) => new(
        $"The commit log in '{state.LogDirectory}' has a hole: segment {LogFileName.Of(missing)} is missing before {LogFileName.Of(next)}. "
        + "Restore the missing file from a copy. To go on without the messages before the hole, move the older segments and the directory 'consumequeue' away.");
}
