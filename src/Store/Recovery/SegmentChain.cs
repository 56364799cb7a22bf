using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Finds the segments of the commit log. They must follow each other and have one size. What a crash may leave beside
/// that is noted for the repairs: a short last file, a short one in the middle, empty files behind a hole.
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
            {
                EndAtHole(state, found, i);
                return;
            }

            if (file.Length > state.SegmentSize)
                throw WrongLength(state, file);
            if (file.Length < state.SegmentSize && i < found.Count - 1)
                state.ShortSegments.Add(file);
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

    /// <summary>The length that most files have; among several, the one that the names agree with.</summary>
    private static int SizeOf(RecoveryState state, List<SegmentFile> found)
    {
        if (found.Count == 0)
            return state.Options.SegmentSize;
        var step = found.Zip(found.Skip(1), static (left, right) => right.BaseOffset - left.BaseOffset).DefaultIfEmpty(-1).Min();
        var size = found.Where(file => IsWhole(file.Length))
            .GroupBy(file => file.Length)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key == step).ThenByDescending(group => group.Key)
            .FirstOrDefault()?.Key ?? state.Options.SegmentSize;
        return size is >= SmallestSize and <= 1 << 30
            ? (int)size
            : throw new StoreUnusableException(
                $"The segments in '{state.LogDirectory}' would have {size} bytes each, by the names and sizes of its files. Restore the files that are missing.");
    }

    /// <summary>A file may have been left short: it tells the size when it has whole pages.</summary>
    private static bool IsWhole(long length) => length >= SmallestSize && length % SmallestSize == 0;

    private static StoreUnusableException WrongLength(RecoveryState state, SegmentFile file) => new(
        $"Segment {LogFileName.Of(file.BaseOffset)} in '{state.LogDirectory}' has {file.Length} bytes where the others have {state.SegmentSize}. "
        + "No crash leaves that: restore the file from a copy.");

    /// <summary>The chain ends here when nothing acknowledged can be behind the hole; else it is refused.</summary>
    private static void EndAtHole(RecoveryState state, List<SegmentFile> found, int next)
    {
        var missing = found[next - 1].BaseOffset + state.SegmentSize;
        for (var i = next; i < found.Count; i++)
        {
            if (missing < state.KnownDurable || !IsBlank(state, found[i]))
                throw Hole(state, missing, found[next].BaseOffset);
            state.BeyondHole.Add(found[i]);
        }
    }

    /// <summary>Segments are zeros before they are written, and written from their start on.</summary>
    private static bool IsBlank(RecoveryState state, SegmentFile file)
    {
        using var content = state.Files.OpenRead(Path.Combine(state.LogDirectory, LogFileName.Of(file.BaseOffset)));
        var buffer = new byte[64 << 10];
        for (long at = 0; at < file.Length; at += buffer.Length)
        {
            var read = content.Read(buffer, at);
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                return false;
        }

        return true;
    }

    private static StoreUnusableException Hole(RecoveryState state, long missing, long next) => new(
        $"The commit log in '{state.LogDirectory}' has a hole: segment {LogFileName.Of(missing)} is missing before {LogFileName.Of(next)}. "
        + "Restore the missing file from a copy. To go on without the messages before the hole, move the older segments and the directory 'consumequeue' away.");
}
