using System.Buffers.Binary;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// A segment that others follow is short. It is extended when nothing is lost: its filler is there, or nothing in it is
/// known to have been durable (then the scan finds the end of the log in it).
/// </summary>
internal sealed class TornSegment : IRepair
{
    public string Crash => "The machine stopped before the length of a segment's file was on the disk, or the file was copied without the zeros at its end.";

    public string? Apply(RecoveryState state)
    {
        if (state.ShortSegments.Count == 0)
            return null;
        foreach (var file in state.ShortSegments)
        {
            if (NothingIsLost(state, file))
                continue;
            throw new StoreUnusableException(
                $"Segment {LogFileName.Of(file.BaseOffset)} in '{state.LogDirectory}' has {file.Length} bytes where the others have {state.SegmentSize}, and its last messages are missing. "
                + "No crash leaves that: restore the file from a copy.");
        }

        foreach (var file in state.ShortSegments)
            state.Files.Reserve(Path.Combine(state.LogDirectory, LogFileName.Of(file.BaseOffset)), state.SegmentSize);
        return $"Extended segment(s) {string.Join(", ", state.ShortSegments.Take(10).Select(file => LogFileName.Of(file.BaseOffset)))} to {state.SegmentSize} bytes.";
    }

    private static bool NothingIsLost(RecoveryState state, SegmentFile file)
    {
        // The times of a checkpoint of Apache RocketMQ do not say where the log was.
        if (state.HasCheckpoint && state.Checkpoint.RecoverOffset >= 0 && state.KnownDurable <= file.BaseOffset + file.Length)
            return true;
        using var content = state.Files.OpenRead(Path.Combine(state.LogDirectory, LogFileName.Of(file.BaseOffset)));
        return EndsInFiller(content, file.Length);
    }

    private static bool EndsInFiller(IRandomFile content, long length)
    {
        Span<byte> head = stackalloc byte[8];
        long at = 0;
        while (at + head.Length <= length && content.Read(head, at) == head.Length)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(head);
            switch (BinaryPrimitives.ReadUInt32BigEndian(head[4..]))
            {
                case MessageRecord.MagicBlank:
                    return true;
                case MessageRecord.MagicV1 or MessageRecord.MagicV2 when size >= MessageRecord.MinimumSize:
                    at += size;
                    break;
                default:
                    return false;
            }
        }

        return false;
    }
}

/// <summary>Files follow a hole in the chain, and there is nothing in them.</summary>
internal sealed class EmptySegmentBeyondHole : IRepair
{
    public string Crash => "The machine stopped with a segment that was reserved ahead on the disk, and the one before it not: neither held a message.";

    public string? Apply(RecoveryState state)
    {
        if (state.BeyondHole.Count == 0)
            return null;
        foreach (var file in state.BeyondHole)
            state.Files.DeleteFile(Path.Combine(state.LogDirectory, LogFileName.Of(file.BaseOffset)));
        state.Files.SyncDirectory(state.LogDirectory);
        return $"Removed {state.BeyondHole.Count} empty segment(s) behind a hole.";
    }
}

/// <summary>The log goes on behind the checkpoint, though the store says that it was closed.</summary>
internal sealed class CheckpointBehindLog : IRepair
{
    /// <summary>What is looked at: a write that was under way begins right behind the last record.</summary>
    private const int Window = 1 << 20;

    public string Crash => "The store was not closed and its abort file was deleted or lost, or an older checkpoint was put back.";

    public string? Apply(RecoveryState state)
    {
        if (!state.IsClean || state.SegmentOf(state.ScanStart) is not { } segment)
            return null;
        var behind = segment.Memory.Span[(int)(state.ScanStart - segment.BaseOffset)..];
        if (!behind[..Math.Min(Window, behind.Length)].ContainsAnyExcept((byte)0))
            return null;
        state.WasAborted = true;
        return $"The log goes on behind the checkpoint's offset {state.ScanStart}: opened as after an unclean stop.";
    }
}

/// <summary>The process that rebuilt did not finish.</summary>
internal sealed class UnfinishedRebuild(RebuildMarker marker) : IRepair
{
    public string Crash => "The process was killed, or the machine stopped, while everything that is built from the log was built again.";

    public string? Apply(RecoveryState state)
    {
        if (state.Rebuild || !marker.Exists)
            return null;
        state.Rebuild = true;
        return "Begins again to build it.";
    }
}
