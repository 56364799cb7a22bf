using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Log;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Store.Recovery;

/// <summary>
/// Throws the files of queues away before they are built again. A queue of which the log has nothing any more keeps its
/// files: they are all that knows its next offset, and offsets never begin again.
/// </summary>
internal static class QueueDiscard
{
    /// <summary>Deletes a queue's files, unless they have to be kept; false when they are kept.</summary>
    public static bool TryDiscard(RecoveryState state, ConsumeQueue queue, IReadOnlyList<SegmentFile> found, long end)
    {
        if (IsEmptied(state, queue, end))
            return false;
        foreach (var file in found)
        {
            if (file.BaseOffset % QueueEntry.EncodedSize == 0)
                state.Queues.Files.Delete(queue, file.BaseOffset / QueueEntry.EncodedSize);
            else
                state.Files.DeleteFile(Path.Combine(state.Queues.Files.DirectoryOf(queue), LogFileName.Of(file.BaseOffset)));
        }

        return true;
    }

    private static bool IsEmptied(RecoveryState state, ConsumeQueue queue, long end)
    {
        Span<byte> bytes = stackalloc byte[QueueEntry.EncodedSize];
        if (end <= 0 || state.Queues.Files.Read(queue, end - 1, bytes) < QueueEntry.EncodedSize)
            return false;
        var last = QueueEntry.Read(bytes);
        return last is { Size: > 0, IsFiller: false, PhysicalOffset: >= 0 } && last.PhysicalOffset < state.LogStart;
    }

    /// <summary>Deletes the extension files of all queues: they are written again with the entries.</summary>
    public static void DiscardExtensions(IFileSystem files, string directory)
    {
        foreach (var topic in files.List(directory))
        {
            foreach (var queue in topic.IsDirectory ? files.List(Path.Combine(directory, topic.Name)) : [])
            {
                var path = Path.Combine(directory, topic.Name, queue.Name);
                foreach (var file in queue.IsDirectory ? files.List(path) : [])
                {
                    if (!file.IsDirectory)
                        files.DeleteFile(Path.Combine(path, file.Name));
                }
            }
        }
    }
}
