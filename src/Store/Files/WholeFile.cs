namespace ProtoBridgeMQ.Store.Files;

/// <summary>Files of one size that are made by reserving their blocks.</summary>
internal static class WholeFile
{
    /// <summary>Whether the file is there with all its bytes. One that is short was being made when the power went, or for want of room: nothing is in it yet.</summary>
    public static bool IsThere(IFileSystem files, string path, long size)
    {
        if (!files.FileExists(path))
            return false;
        using var file = files.OpenRead(path);
        return file.Length >= size;
    }

    /// <summary>
    /// Makes a file; durable on return. One that there was no room for does not stay: it would have its size and no blocks,
    /// and be taken for whole after a clean stop.
    /// </summary>
    /// <exception cref="DiskFullException">No room.</exception>
    public static void Make(IFileSystem files, string path, int size)
    {
        try
        {
            Secure(files, path, size);
        }
        catch (IOException)
        {
            try
            {
                files.DeleteFile(path);
            }
            catch (IOException)
            {
                // The disk fails: the store stops, and the start after that secures it.
            }

            throw;
        }
    }

    /// <summary>
    /// Has blocks for all its bytes and its name on the disk: a process that died, or found no room, while it made the file
    /// leaves one that is long enough and has neither. A write into a mapping without blocks would kill the process.
    /// </summary>
    public static void Secure(IFileSystem files, string path, int size)
    {
        files.Reserve(path, size);
        files.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}
